"""What the commands about sites, their goals and keys accept, and what they say of themselves."""

import argparse

from footfall.cli.flags import Help, settings_of

SITE = """\
Sites are the websites that are counted. A site has an id, one or more domains, and any number of
aliases: the ids by which other products' trackers know it.

  footfall site add example.com --timezone Europe/Berlin
  footfall site edit example.com --domain shop.example.com --public
  footfall site list
  footfall site snippet example.com --address https://stats.example.com

A running server knows of every change within a second."""

SNIPPET = """\
Print the lines for the pages of a site: the tracker, and an image for visitors without scripts.

  footfall site snippet example.com --address https://stats.example.com
  footfall site snippet example.com --address https://example.com/stats --pinned

A pinned snippet names one version of the tracker by its hash. Browsers run no other, and the
server keeps that version for as long as its data folder stands; newer ones are not taken up."""

REMOVE = """\
Stop counting a site and revoke its keys. What was counted stays, and is there again if a site of
that id is added; or it is erased too, for good.

  footfall site remove example.com
  footfall site remove example.com --with-facts --yes

The server may run meanwhile. Backups and archives keep what they hold."""

RENAME = """\
Give a site another id. All that was counted, its goals and its keys come along. The old id becomes
an alias, so that pages which name it go on being counted.

  footfall site rename example.com shop

The server may run meanwhile; for a second reports may lack something. Given again, it takes along
what was left."""

MERGE = """\
Make a site part of another: all that was counted, its domains and its ids. The settings and goals
of the other stay; its keys go on sending events, and are good for nothing else. A visitor of both
sites on one day stays two. This cannot be undone.

  footfall site merge shop.example.com example.com

The server may run meanwhile. Given again, it takes along what was left."""

FACTS = ("store", "store_memory", "rollups", "stream", "stream_limit", "salts")

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


def site(command: argparse.ArgumentParser) -> None:
    """Sites: what to do and to which."""
    actions = command.add_subparsers(dest="action", title="actions", metavar="ACTION", required=True)
    add = _action(actions, "add", "add a site and print its id", "Add a site. Its id, printed last, goes into the snippet; by default it is the domain.")
    add.add_argument("domain", metavar="DOMAIN", help="the site's host name, such as example.com; www. need not be given")
    add.add_argument("--id", dest="site_id", metavar="ID", help="the id to use instead of the domain")
    add.add_argument("--domain", dest="domains", metavar="D", action="append", default=[], help="another domain of the same site; '*.example.com' for all below it")
    edit = _action(actions, "edit", "change a site", "Change a site. What is not named stays as it is; domains, aliases and exclusions are added.")
    edit.add_argument("site_id", metavar="ID", help="the site's id")
    edit.add_argument("--domain", dest="domains", metavar="D", action="append", default=[], help="add a domain; '*.example.com' for all below it")
    edit.add_argument("--remove-domain", dest="gone_domains", metavar="D", action="append", default=[], help="take a domain away")
    edit.add_argument("--remove-alias", dest="gone_aliases", metavar="A", action="append", default=[], help="take an alias away")
    edit.add_argument(
        "--heed-referrer",
        dest="heeded_referrers",
        metavar="HOST",
        action="append",
        default=[],
        help="take the links of a host for a source again",
    )
    edit.add_argument("--clear-exclusions", action="store_true", help="take all exclusions away (new ones may be given along)")
    for each in (add, edit):
        each.add_argument("--alias", dest="aliases", metavar="A", action="append", default=[], help="add an id by which another product's tracker knows the site")
        each.add_argument("--timezone", metavar="TZ", help="its time zone, such as Europe/Berlin; a change takes effect at its next midnight")
        each.add_argument("--public", action=argparse.BooleanOptionalAction, default=None, help="whether anyone may read its reports without a key")
        each.add_argument("--dnt", action=argparse.BooleanOptionalAction, default=None, help="whether visitors who send 'DNT: 1' are left out (not unless set)")
        each.add_argument("--gpc", action=argparse.BooleanOptionalAction, default=None, help="whether visitors who send 'Sec-GPC: 1' are left out (yes unless set)")
        each.add_argument(
            "--only-hosts",
            action=argparse.BooleanOptionalAction,
            default=None,
            help="whether pages of hosts that are none of its domains are left out (not unless set)",
        )
        each.add_argument(
            "--merge-slashes",
            action=argparse.BooleanOptionalAction,
            default=None,
            help="whether /about/ and //about count as /about (not unless set)",
        )
        each.add_argument(
            "--revenue-needs-key",
            action=argparse.BooleanOptionalAction,
            default=None,
            help="whether revenue counts only of hits sent with a key, by a server; the hits count all the same (not unless set)",
        )
        each.add_argument(
            "--ignore-referrer",
            dest="ignored_referrers",
            metavar="HOST",
            action="append",
            default=[],
            help="a host that is no source, such as a payment page; '*.pay.example' for all below",
        )
        each.add_argument(
            "--retention-days",
            metavar="N",
            type=_days,
            help="delete hits older than N days, at least 30, and keep the sums of the dashboard's reports; 0 keeps them for ever, as unless set",
        )
        each.add_argument("--exclude-address", dest="addresses", metavar="CIDR", action="append", default=[], help="leave out hits from an address or range")
        each.add_argument("--exclude-country", dest="countries", metavar="CC", action="append", default=[], help="leave out a country, by its two letters")
        each.add_argument("--exclude-hostname", dest="hostnames", metavar="H", action="append", default=[], help="leave out pages of a host")
        each.add_argument(
            "--exclude-referrer",
            dest="referrers",
            metavar="H",
            action="append",
            default=[],
            help="leave out visits by links of a host, beside the known ones of referrer spam",
        )
        each.add_argument("--exclude-page", dest="pages", metavar="GLOB", action="append", default=[], help="leave out pages, such as '/admin/*'")
    _action(actions, "list", "list all sites", "List all sites: id, domains, time zone, public or private, aliases, settings.")
    snippet = _action(actions, "snippet", "print what to put into the site's pages", SNIPPET, "script")
    snippet.add_argument("site_id", metavar="ID", help="the site's id")
    snippet.add_argument("--address", metavar="URL", required=True, help="where browsers reach this server, such as https://stats.example.com")
    snippet.add_argument("--pinned", action="store_true", help="name this very version, which browsers then check")
    remove = _action(actions, "remove", "remove a site and its keys", REMOVE, *FACTS)
    remove.add_argument("site_id", metavar="ID", help="the site's id")
    remove.add_argument("--with-facts", action="store_true", help="erase all that was counted of it too")
    rename = _action(actions, "rename", "give a site another id", RENAME, *FACTS)
    rename.add_argument("site_id", metavar="OLD", help="the site's id")
    rename.add_argument("new_id", metavar="NEW", help="the id that it shall have")
    merge = _action(actions, "merge", "make a site part of another", MERGE, *FACTS)
    merge.add_argument("site_id", metavar="FROM", help="the site that ends")
    merge.add_argument("into_id", metavar="INTO", help="the site that it becomes part of")
    for each in (remove, merge):
        each.add_argument("--yes", action="store_true", help="do not ask")


def key(command: argparse.ArgumentParser) -> None:
    """API keys: what to do and to which."""
    actions = command.add_subparsers(dest="action", title="actions", metavar="ACTION", required=True)
    add = _action(actions, "add", "make a key and print it", "Make a key. It is printed last and cannot be shown again.")
    add.add_argument("--site", dest="site_id", metavar="ID", required=True, help="the site that it is for")
    add.add_argument(
        "--scope",
        dest="scopes",
        metavar="S",
        action="append",
        required=True,
        choices=["stats:read", "events:write", "sites:write", "sites:erase"],
        help=("what it allows: stats:read, events:write, sites:write (changing goals) or sites:erase (erasing, renaming, merging); may be given several times"),
    )
    _action(actions, "list", "list all keys", "List all keys: their first characters, site, scopes and date.")
    revoke = _action(actions, "revoke", "revoke a key", "Revoke a key. Servers refuse it within a second.")
    revoke.add_argument("key_id", metavar="KEY", help="its first characters as 'key list' shows them, or the whole key")


def goal(command: argparse.ArgumentParser) -> None:
    """Goals: what to do and to which."""
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


def _action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, short: str, text: str, *settings: str) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=short, description=text, formatter_class=Help)
    settings_of(action, ("registry", *settings))
    return action
