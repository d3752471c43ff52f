"""What the commands that print and take out accept, and what they say of themselves."""

import argparse

QUERY = """\
Print a report: figures, a table, or data for a program. Whatever the API answers can be asked for.

  footfall query                                       visitors and page views of the last 30 days
  footfall query --by time --period 7d                 day by day
  footfall query --by event:page --limit 10            the pages that most visitors saw
  footfall query --by visit:source --metric visits --metric bounce_rate --period 2026-01-01,2026-01-31
  footfall query --filter 'visit:country==DE|AT' --filter 'event:page!=/blog/*' --compare previous_period
  footfall query --by event:page --format csv --output pages.csv
  footfall query --json '{"metrics": ["visits"], "date_range": "day", "dimensions": ["time:hour"]}'

Metrics and dimensions are explained in docs/numbers.md, bodies for --json in docs/reading.md."""

ERASE = """\
Erase some of what was counted, as if it had never come: events that pass all filters, in a period.
Without --yes it only says how many events of how many visits these are, day by day.

  footfall erase --site example.com --filter 'event:page==/users/*'
  footfall erase --site example.com --filter 'visit:country==DE' --period 2026-01-01,2026-01-31 --yes

The visits that they were part of are made anew of the rest, and so are all sums of their days. Of
days whose facts are gone only sums are left, which --with-sums erases as a whole. The server may
run meanwhile. Backups, archives and exports keep what they hold."""

EXPORT = """\
Write what was counted to a file: events or visits, a row each, or a whole site as one archive.

  footfall export --site example.com --output events.csv
  footfall export --site example.com --what visits --from 2026-01-01 --to 2026-01-31 --output visits.parquet
  footfall export --site example.com --format ndjson --output - | gzip > events.ndjson.gz
  footfall export --site example.com --archive example.zip

The server may go on running. A file gets its name when it is whole, and is readable by you alone.
In CSV a text that a spreadsheet would take for a formula begins with an apostrophe. Columns are
explained in docs/exporting.md. 'footfall import' takes an archive back, with the same reports."""

FORMS = ("csv", "ndjson", "parquet")
_FILE = "write to a file, that you alone may read; - for standard output"
_BOM = "begin a CSV file with a byte order mark, by which Excel knows that it is UTF-8"
_FORCE = "write over a file that is there"


def query(command: argparse.ArgumentParser) -> None:
    """The flags of `footfall query`."""
    command.add_argument("--site", dest="site_id", metavar="ID", help="the site's id; need not be given where there is only one")
    command.add_argument("--metric", dest="metrics", metavar="M", action="append", default=[], help="a metric, such as visits; may be given several times [visitors, pageviews]")
    command.add_argument("--by", dest="dimensions", metavar="D", action="append", default=[], help="a dimension, such as event:page, visit:source or time:day; up to four")
    command.add_argument("--period", metavar="P", help="day, 7d, 30d, month, 12mo, year, all, realtime ..., or two dates or instants with a comma between [30d]")
    command.add_argument("--filter", dest="conditions", metavar="F", action="append", default=[], help="'DIMENSION==A|B' or !=, with * for any text; all must hold")
    command.add_argument("--order", dest="orders", metavar="O", action="append", default=[], help="a metric or dimension, with :asc or :desc; most first unless said")
    command.add_argument("--limit", metavar="N", help="how many rows [20 in a table, 10000 in other formats]")
    command.add_argument("--offset", metavar="N", help="after how many rows to begin [0]")
    command.add_argument("--compare", metavar="C", help="previous_period, year_over_year, or two dates with a comma between")
    command.add_argument("--json", dest="body", metavar="QUERY", help="a whole body of POST /api/v2/query in place of all these; - reads it from standard input")
    command.add_argument("--format", dest="form", choices=("table", "json", *FORMS), help="[table, or as --output ends]")
    command.add_argument("--bom", action="store_true", help=_BOM)
    command.add_argument("--output", metavar="FILE", default="-", help=f"{_FILE} [-]")
    command.add_argument("--force", action="store_true", help=_FORCE)


def erase(command: argparse.ArgumentParser) -> None:
    """The flags of `footfall erase`."""
    command.add_argument("--site", dest="site_id", metavar="ID", required=True, help="the site's id")
    command.add_argument(
        "--filter",
        dest="conditions",
        metavar="F",
        action="append",
        default=[],
        help="'DIMENSION==A|B' or !=, with * for any text, as of 'footfall query'; all must hold",
    )
    command.add_argument(
        "--period",
        metavar="P",
        help="day, 7d, 30d, month, 12mo, year, all ..., or two dates or instants with a comma between [all]",
    )
    command.add_argument("--with-sums", action="store_true", help="erase all sums of days whose facts are gone")
    command.add_argument("--yes", action="store_true", help="erase; unless given, it is only said what would go")


def export(command: argparse.ArgumentParser) -> None:
    """The flags of `footfall export`."""
    command.add_argument("--site", dest="site_id", metavar="ID", required=True, help="the site's id")
    command.add_argument("--what", choices=("events", "visits"), help="a row for every page view, custom event and engagement, or for every visit [events]")
    command.add_argument("--from", dest="first", metavar="DATE", help="the first day, such as 2026-01-31, in the site's zone [all]")
    command.add_argument("--to", dest="last", metavar="DATE", help="the last day, included [all]")
    command.add_argument("--format", dest="form", choices=FORMS, help="[as --output ends, or csv]")
    command.add_argument("--bom", action="store_true", help=_BOM)
    command.add_argument("--output", metavar="FILE", help=_FILE)
    command.add_argument("--archive", metavar="FILE", help="write the whole site to an archive")
    command.add_argument("--force", action="store_true", help=_FORCE)
