"""What the command line takes, and what it says of itself."""

import argparse

from footfall import __version__
from footfall.cli import cloud, exchange, sites
from footfall.cli.flags import Help, command_of, settings_of

INTRODUCTION = """\
Footfall counts a website's visitors: exactly once, without keeping their addresses.

Start it, add your site, paste the snippet:

  footfall serve
  footfall site add example.com --timezone Europe/Berlin

Then open http://127.0.0.1:8000/ to see who comes by. 'footfall COMMAND --help' explains a command."""

SERVE = """\
Run all of Footfall on this machine: gateways that take hits on the public port, and an engine
that counts them and answers reports. Whichever dies is started again; hits are taken meanwhile.

  footfall serve                                       on http://127.0.0.1:8000/
  footfall serve --demo                                with an example website to try
  footfall serve --host 0.0.0.0 --port 80 --workers 2
  footfall serve --trusted-proxy 127.0.0.1             behind nginx or Caddy on the same machine

Stop it with Ctrl-C or SIGTERM: all that was acknowledged is counted before it ends."""

GATEWAY = """\
Run only a gateway: it takes hits, puts them on the stream and serves the dashboard. 'serve' runs
this for you; alone it is of use where gateways and engine are looked after separately."""

ENGINE = """\
Run only the engine: it counts the hits on the stream and answers reports to gateways of the same
data folder. 'serve' runs this for you."""

DEMO_DATA = """\
Fill the facts with plausible made-up traffic, for trying the dashboard out and for measuring:
sites demo-1, demo-2 ... with pages, sources, countries, devices, goals and revenue. The same
arguments give the same traffic.

  footfall demo-data --data try && footfall serve --data try
  footfall demo-data --data big --events 10000000 --store-memory 2GB

The server must not be running on the same data folder. The sites must not exist yet."""

IMPORT = """\
Count what a web server wrote down: page views from its access logs, plain or packed (.gz, .zst),
of Apache, nginx, Caddy, IIS or CloudFront. Or take in a site from an archive.

  footfall import /var/log/nginx/access.log --site example.com
  footfall import /var/log/nginx/ --site example.com                    all files of a folder
  footfall import '/var/log/nginx/access.log*' --site example.com
  zcat old/*.gz | footfall import - --site example.com
  footfall import /var/log/nginx/access.log --site example.com --follow     and go on as it grows
  footfall import access.log --site example.com --dry-run               look first, change nothing
  footfall import access.log --site example.com --format '$remote_addr [$time_local] "$request" $status'
  footfall import example.zip                                           what 'footfall export --archive' wrote
  footfall import example.zip --site copy                               the same as a site of another id

A file that was imported before adds nothing, one that has grown only what is new, also under
another name or packed meanwhile. The server may run meanwhile. Addresses and user agents become
pseudonyms here and go no further.

An archive comes in as a whole or not at all, with its settings and goals, but no keys. A site that
has facts already is not touched."""

IMPORTS = """\
Every run of 'footfall import' that counted something has a number, and can be taken back.

  footfall imports list
  footfall imports remove 3

Both work while the server runs. Logs are imported on one machine; on AWS there is no import, and
so nothing to list."""

LIST = """\
List all imports: number, when, site, what was given, its files, first and last day, lines, page
views, and what was left out for which reason."""

REMOVE = """\
Take an import back: the page views that it brought go, visits are figured as if they had never
been there, and its files may be imported again. Asks first on a terminal.

  footfall imports remove 3
  footfall imports remove 3 --yes

Days of which only sums are left (site edit --retention-days) keep what it brought to them."""

BACKUP = """\
Copy everything that is kept into a new folder, while all runs or while nothing does: hits that
wait, facts, roll-ups, sites and keys. The secrets of days are left out, so that a backup tells
no more of its visitors than the facts do. What was saved is checked and told at the end.

  footfall backup /backups/footfall-2026-11-25
  footfall backup "/backups/footfall-$(date +%F)"      each night, by cron or a systemd timer

Bring it back with 'footfall restore'."""

RESTORE = """\
Bring a backup back into the data folder, after checking that every file of it is as it was saved.
No server may run on the folder. Every hit that was acknowledged before the backup began is then
counted once. Killed half-way, it leaves all as it was, or is finished by the next command.

  footfall restore /backups/footfall-2026-11-25 --data new
  footfall restore /backups/footfall-2026-11-25 --replace"""

MIGRATE = """\
Bring the files of an older version to this version's schema ahead of 'serve', which does the same
when it starts. No server may run on the folder. Doing it again changes nothing.

  footfall backup /backups/before-upgrade && footfall migrate

There is no way back but a backup: an older version does not read what a newer one wrote."""

DOCTOR = """\
Look at all that is kept and all that runs, and say what is wrong and what to do: the folder, room
on the disk, the clock, versions, damaged files, hits that wait too long, secrets that should be
gone, what killed commands left. It changes nothing. Ends with 1 when something is wrong, else 0.

  footfall doctor
  footfall doctor --data /var/lib/footfall --port 8080"""

SERVER = ("host", "port", "trusted_proxy", "demo", "script", "rate_limit", "stream", "stream_limit", "registry", "salts", "places", "log_level")
OWNED = ("store", "store_memory", "rollups", "registry")
COUNTING = ("batch", "stream", "stream_limit", "store", "store_memory", "rollups", "rollups_limit", "registry", "salts", "log_level")


def parser() -> argparse.ArgumentParser:
    """The whole of it; what is parsed carries `module`, the command's module."""
    top = argparse.ArgumentParser("footfall", description=INTRODUCTION, formatter_class=Help)
    top.add_argument("--version", action="version", version=f"footfall {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    settings_of(command_of(commands, "serve", "serve", "run everything on this machine", SERVE), dict.fromkeys((*SERVER, "workers", *COUNTING)))
    settings_of(command_of(commands, "gateway", "gateway", "run only a gateway", GATEWAY), SERVER)
    settings_of(command_of(commands, "engine", "engine", "run only the engine", ENGINE), COUNTING)
    sites.site(command_of(commands, "site", "site", "add, list, change and remove sites", sites.SITE))
    sites.goal(command_of(commands, "goal", "goal", "add, list and remove goals of a site", sites.GOAL))
    sites.key(command_of(commands, "key", "key", "add, list and revoke API keys", sites.KEY))
    for name, module, short, text, flags in (
        ("query", "query", "print a report", exchange.QUERY, exchange.query),
        ("erase", "erase", "delete some of what was counted", exchange.ERASE, exchange.erase),
        ("export", "export", "write facts to a file, or a site to an archive", exchange.EXPORT, exchange.export),
    ):
        command = command_of(commands, name, module, short, text)
        flags(command)
        settings_of(command, OWNED)
    _import(command_of(commands, "import", "imports", "count what a web server's logs hold", IMPORT))
    _imports(command_of(commands, "imports", "runs", "list imports of logs, and take one back", IMPORTS))
    _demo_data(command_of(commands, "demo-data", "demo_data", "make up traffic to look at", DEMO_DATA))
    _keeping(commands)
    cloud.aws(command_of(commands, "aws", "aws", "make, size and remove it in an AWS account", cloud.AWS))
    settings_of(command_of(commands, "version", "version", "print the version", "Print the version of Footfall and of the parts that matter."), ())
    return top


def _import(command: argparse.ArgumentParser) -> None:
    settings_of(command, ("store", "store_memory", "rollups", "registry", "salts", "places"))
    command.add_argument("files", metavar="FILE", nargs="+", help="a file, a folder, a pattern such as '*.log.gz', or - for standard input")
    command.add_argument("--site", dest="site_id", metavar="ID", help="the site that the pages are of; of an archive its own, unless given")
    command.add_argument(
        "--format",
        metavar="F",
        help="combined, common, vhost, vhost-common, caddy, w3c (IIS and CloudFront), or the pattern of nginx's log_format or Apache's LogFormat [found out]",
    )
    command.add_argument("--keep-bots", action="store_true", help="count crawlers and other programs too")
    command.add_argument("--keep-assets", action="store_true", help="count every line as a page view, whatever was asked for, by which method, and with what success")
    command.add_argument("--hostname", metavar="H", help="the host of pages where lines do not tell [the site's first domain]")
    command.add_argument("--scheme", choices=["https", "http"], default="https", help="the scheme of pages [https]")
    command.add_argument("--follow", action="store_true", help="go on while the one FILE grows and is rotated, until stopped")
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="show the first lines as they would be read, and what would come of all; changes nothing",
    )
    command.add_argument(
        "--again",
        action="store_true",
        help="import files also where they were imported before: what they brought then is taken back",
    )
    command.add_argument("--rejects", metavar="OUT", help="write file, number and reason of every faulty line to a CSV file (never the line)")


def _imports(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list all imports", description=LIST, formatter_class=Help)
    listing.add_argument("--site", dest="site_id", metavar="ID", help="only those of a site")
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    remove = actions.add_parser("remove", help="take one back", description=REMOVE, formatter_class=Help)
    remove.add_argument("number", metavar="NUMBER", type=_number, help="its number as 'imports list' shows it")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    for each in (listing, remove):
        settings_of(each, OWNED)


def _number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**32:
        raise argparse.ArgumentTypeError(f"must be the number of an import, not {text!r}")
    return int(text)


def _demo_data(command: argparse.ArgumentParser) -> None:
    settings_of(command, ("stream", "store", "store_memory", "rollups", "registry", "salts"))
    for name, default, text in (
        ("events", "1000000", "about how many page views, custom events and engagements to make [1000000]"),
        ("days", "365", "over how many days [365]"),
        ("sites", "20", "of how many sites; the first is the largest [20]"),
        ("seed", "1", "another seed makes other traffic [1]"),
    ):
        command.add_argument(f"--{name}", dest=f"made_{name}", metavar="N", default=default, help=text)
    command.add_argument("--until", metavar="DATE", default="", help="the last day, such as 2026-11-24 or 'today' (until this moment) [the last that is over everywhere]")


def _keeping(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    kept = ("stream", "stream_limit", "store", "store_memory", "rollups", "registry", "salts")
    backup = command_of(commands, "backup", "backup", "save all that is kept, while it runs", BACKUP)
    backup.add_argument("folder", metavar="DIR", help="the folder to make; one that holds something is refused")
    restore = command_of(commands, "restore", "restore", "bring a backup back", RESTORE)
    restore.add_argument("folder", metavar="DIR", help="the folder of the backup")
    restore.add_argument("--replace", action="store_true", help="set aside what the data folder holds, under a name with the date")
    for each in (backup, restore, command_of(commands, "migrate", "migrate", "bring files of an older version to this one's", MIGRATE)):
        settings_of(each, kept)
    settings_of(command_of(commands, "doctor", "doctor", "say what is wrong and what to do", DOCTOR), ("host", "port", *kept))
