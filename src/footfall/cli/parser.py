"""What the command line takes, and what it says of itself."""

import argparse
from collections.abc import Iterable

from footfall import __version__
from footfall.cli import exchange
from footfall.settings import OPTIONS, variable

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

SITE = """\
Sites are the websites that are counted. A site has an id, one or more domains, and any number of
aliases: the ids by which other products' trackers know it.

  footfall site add example.com --timezone Europe/Berlin
  footfall site edit example.com --domain shop.example.com --public
  footfall site list

A running server knows of every change within a second."""

GOAL = """\
Goals are what visitors are wished to do: see a page, or do something that is sent as an event.
Reports tell how many reached them, also of hits that came before the goal was added.

  footfall goal add --site example.com --page '/thanks*'
  footfall goal add --site example.com --event Signup --prop plan=pro --name 'Signup (pro)'
  footfall goal add --site example.com --event Purchase --currency EUR
  footfall goal list --site example.com

In a page * stands for any characters."""

KEY = """\
API keys let programs read a private site's reports, or send events for it.

  footfall key add --site example.com --scope stats:read
  footfall key list
  footfall key revoke ff_AbCdEfGh

A key is shown once, when it is made; only its hash is kept."""

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
  footfall import access.log --site example.com --format '$remote_addr [$time_local] "$request" $status'
  footfall import example.zip                                           what 'footfall export --archive' wrote
  footfall import example.zip --site copy                               the same as a site of another id

A file that was imported before adds nothing, one that has grown only what is new, also under
another name or packed meanwhile. The server may run meanwhile. Addresses and user agents become
pseudonyms here and go no further.

An archive comes in as a whole or not at all, with its settings and goals, but no keys. A site that
has facts already is not touched."""

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

SWITCHES = {"demo"}
SERVER = ("host", "port", "trusted_proxy", "demo", "rate_limit", "stream", "stream_limit", "registry", "salts", "places", "log_level")
OWNED = ("store", "store_memory", "rollups", "registry")
COUNTING = ("batch", "stream", "stream_limit", "store", "store_memory", "rollups", "registry", "salts", "log_level")


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=100)


class _Several(argparse.Action):
    """Gathers a flag given several times into one text, as its variable would have it."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option_string: str | None = None) -> None:
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, f"{before},{values}" if before else str(values))


def parser() -> argparse.ArgumentParser:
    """The whole of it; what is parsed carries `module`, the command's module."""
    top = argparse.ArgumentParser("footfall", description=INTRODUCTION, formatter_class=_Help)
    top.add_argument("--version", action="version", version=f"footfall {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _settings(_command(commands, "serve", "serve", "run everything on this machine", SERVE), dict.fromkeys((*SERVER, "workers", *COUNTING)))
    _settings(_command(commands, "gateway", "gateway", "run only a gateway", GATEWAY), SERVER)
    _settings(_command(commands, "engine", "engine", "run only the engine", ENGINE), COUNTING)
    _site(_command(commands, "site", "site", "add, list, change and remove sites", SITE))
    _goal(_command(commands, "goal", "goal", "add, list and remove goals of a site", GOAL))
    _key(_command(commands, "key", "key", "add, list and revoke API keys", KEY))
    for name, module, short, text, flags in (
        ("query", "query", "print a report", exchange.QUERY, exchange.query),
        ("export", "export", "write facts to a file, or a site to an archive", exchange.EXPORT, exchange.export),
    ):
        command = _command(commands, name, module, short, text)
        flags(command)
        _settings(command, OWNED)
    _import(_command(commands, "import", "imports", "count what a web server's logs hold", IMPORT))
    _demo_data(_command(commands, "demo-data", "demo_data", "make up traffic to look at", DEMO_DATA))
    _keeping(commands)
    _settings(_command(commands, "version", "version", "print the version", "Print the version of Footfall and of the parts that matter."), ())
    return top


def _command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, module: str, short: str, text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=short, description=text, formatter_class=_Help)
    command.set_defaults(module=module)
    return command


def _settings(command: argparse.ArgumentParser, names: Iterable[str]) -> None:
    for name in ("data", *names):
        option, flag = OPTIONS[name], f"--{name.replace('_', '-')}"
        text = f"{option.text} [{variable(name)}{'; ' + option.default if option.default not in ('', '0') else ''}]"
        if name in SWITCHES:
            command.add_argument(flag, dest=name, action="store_const", const="1", help=text)
        else:
            action = _Several if name == "trusted_proxy" else "store"
            command.add_argument(flag, dest=name, metavar=option.metavar, action=action, help=text)


def _site(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", title="actions", metavar="ACTION", required=True)
    add = _action(actions, "add", "add a site and print its id", "Add a site. Its id, printed last, goes into the snippet; by default it is the domain.")
    add.add_argument("domain", metavar="DOMAIN", help="the site's host name, such as example.com; www. need not be given")
    add.add_argument("--id", dest="site_id", metavar="ID", help="the id to use instead of the domain")
    add.add_argument("--domain", dest="domains", metavar="D", action="append", default=[], help="another domain of the same site")
    edit = _action(actions, "edit", "change a site", "Change a site. What is not named stays as it is; domains, aliases and exclusions are added.")
    edit.add_argument("site_id", metavar="ID", help="the site's id")
    edit.add_argument("--domain", dest="domains", metavar="D", action="append", default=[], help="add a domain")
    edit.add_argument("--remove-domain", dest="gone_domains", metavar="D", action="append", default=[], help="take a domain away")
    edit.add_argument("--remove-alias", dest="gone_aliases", metavar="A", action="append", default=[], help="take an alias away")
    edit.add_argument("--clear-exclusions", action="store_true", help="take all exclusions away (new ones may be given along)")
    for each in (add, edit):
        each.add_argument("--alias", dest="aliases", metavar="A", action="append", default=[], help="add an id by which another product's tracker knows the site")
        each.add_argument("--timezone", metavar="TZ", help="its time zone, such as Europe/Berlin; a change takes effect at its next midnight")
        each.add_argument("--public", action=argparse.BooleanOptionalAction, default=None, help="whether anyone may read its reports without a key")
        each.add_argument("--dnt", action=argparse.BooleanOptionalAction, default=None, help="whether visitors who send 'DNT: 1' are left out (not unless set)")
        each.add_argument("--gpc", action=argparse.BooleanOptionalAction, default=None, help="whether visitors who send 'Sec-GPC: 1' are left out (yes unless set)")
        each.add_argument(
            "--retention-days",
            metavar="N",
            type=_days,
            help="delete hits older than N days, at least 30, and keep the sums of the dashboard's reports; 0 keeps them for ever, as unless set",
        )
        each.add_argument("--exclude-address", dest="addresses", metavar="CIDR", action="append", default=[], help="leave out hits from an address or range")
        each.add_argument("--exclude-country", dest="countries", metavar="CC", action="append", default=[], help="leave out a country, by its two letters")
        each.add_argument("--exclude-hostname", dest="hostnames", metavar="H", action="append", default=[], help="leave out pages of a host")
        each.add_argument("--exclude-page", dest="pages", metavar="GLOB", action="append", default=[], help="leave out pages, such as '/admin/*'")
    _action(actions, "list", "list all sites", "List all sites: id, domains, time zone, public or private, aliases.")
    remove = _action(
        actions, "remove", "remove a site and its keys", "Stop counting a site and revoke its keys. What was counted stays, and is there again if a site of that id is added."
    )
    remove.add_argument("site_id", metavar="ID", help="the site's id")


def _key(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", title="actions", metavar="ACTION", required=True)
    add = _action(actions, "add", "make a key and print it", "Make a key. It is printed last and cannot be shown again.")
    add.add_argument("--site", dest="site_id", metavar="ID", required=True, help="the site that it is for")
    add.add_argument(
        "--scope",
        dest="scopes",
        metavar="S",
        action="append",
        required=True,
        choices=["stats:read", "events:write", "sites:write"],
        help="what it allows: stats:read, events:write or sites:write (changing goals); may be given several times",
    )
    _action(actions, "list", "list all keys", "List all keys: their first characters, site, scopes and date.")
    revoke = _action(actions, "revoke", "revoke a key", "Revoke a key. Servers refuse it within a second.")
    revoke.add_argument("key_id", metavar="KEY", help="its first characters as 'key list' shows them, or the whole key")


def _import(command: argparse.ArgumentParser) -> None:
    _settings(command, ("store", "store_memory", "rollups", "registry", "salts", "places"))
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
    command.add_argument("--rejects", metavar="OUT", help="write file, number and reason of every faulty line to a CSV file (never the line)")


def _demo_data(command: argparse.ArgumentParser) -> None:
    _settings(command, ("stream", "store", "store_memory", "rollups", "registry", "salts"))
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
    backup = _command(commands, "backup", "backup", "save all that is kept, while it runs", BACKUP)
    backup.add_argument("folder", metavar="DIR", help="the folder to make; one that holds something is refused")
    restore = _command(commands, "restore", "restore", "bring a backup back", RESTORE)
    restore.add_argument("folder", metavar="DIR", help="the folder of the backup")
    restore.add_argument("--replace", action="store_true", help="set aside what the data folder holds, under a name with the date")
    for each in (backup, restore, _command(commands, "migrate", "migrate", "bring files of an older version to this one's", MIGRATE)):
        _settings(each, kept)
    _settings(_command(commands, "doctor", "doctor", "say what is wrong and what to do", DOCTOR), ("host", "port", *kept))


def _goal(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", title="actions", metavar="ACTION", required=True)
    add = _action(actions, "add", "add a goal and print its name", "Add a goal: a page, or an event.")
    what = add.add_mutually_exclusive_group(required=True)
    what.add_argument("--page", metavar="PATH", help="the page to see, such as /thanks or '/blog/*'")
    what.add_argument("--event", metavar="E", help="the name of the event")
    add.add_argument("--prop", dest="props", metavar="KEY=TEXT", type=_property, action="append", default=[], help="what a property of the event must be; up to three times")
    add.add_argument("--currency", metavar="CUR", help="count only events with revenue in it, such as EUR")
    add.add_argument("--name", dest="goal_name", metavar="N", help="what to call it; unless given, as the event, or 'Visit' and the page")
    listing = _action(actions, "list", "list a site's goals", "List the goals of a site: name and condition.")
    remove = _action(actions, "remove", "remove a goal", "Remove a goal. Hits are not touched; add it again and all is as before.")
    remove.add_argument("goal_name", metavar="NAME", help="its name as 'goal list' shows it")
    for each in (add, listing, remove):
        each.add_argument("--site", dest="site_id", metavar="ID", required=True, help="the site's id")


def _property(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not (key and found):
        raise argparse.ArgumentTypeError(f"must be KEY=TEXT, not {text!r}")
    return key, value


def _days(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a number of days, not {text!r}")
    return int(text)


def _action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, short: str, text: str) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=short, description=text, formatter_class=_Help)
    _settings(action, ("registry",))
    return action
