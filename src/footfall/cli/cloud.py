"""What `footfall aws` accepts, and what it says of itself."""

import argparse

from footfall.cli import exchange
from footfall.cli.cloud_size import HITS, hits_and_door, limits, parameters, whole
from footfall.cli.cost import count
from footfall.cli.flags import Help

AWS = """\
Footfall in an AWS account of yours, without servers: API Gateway or CloudFront takes hits, Kinesis
keeps them, functions count them into DynamoDB and S3. Needs the extra `aws` of the wheel:
docs/aws.md says how to install it.

  footfall aws deploy --dry-run          what would be made
  footfall aws deploy                    make it, or bring it up to this version
  footfall aws status                    whether it keeps up

Who you are and the region are found as every tool for AWS finds them: in AWS_PROFILE,
AWS_DEFAULT_REGION and so on, or in the files that 'aws configure' writes."""

DEPLOY = """\
Make all of Footfall in your account, or bring it up to this version: the functions' code, a stack
of CloudFormation, the dashboard and an example website. At the end it prints their addresses.
Doing it again changes only what is different, and what was set before stays set.

  footfall aws deploy --region eu-central-1
  footfall aws deploy --hits-per-second 2000             sized for two thousand at busy times
  footfall aws deploy --front-door function              cheaper where much comes in
  footfall aws deploy --reserve --budget 50 --budget-email me@example.com
  footfall aws deploy --dry-run                          print the changes, and change nothing

Where something fails, CloudFormation brings back what was before."""

TEMPLATE = """\
Print the template as 'deploy' would hand it to CloudFormation, to read it or to deploy it
otherwise.

  footfall aws template > footfall.yaml"""

STATUS = """\
Print how the stack has been doing in the last hour: how far counting lags behind, throttles,
errors, bad records, alarms, and what somebody changed by hand. Ends with 1 when somebody should
look, else 0."""

SCALE = """\
Size what is deployed for so many hits a second at busy times: shards of the stream, and batches and
memory of the functions. Nothing is lost meanwhile.

  footfall aws scale --hits-per-second 2000"""

REDRIVE = """\
Count the batches that Lambda gave up, after their cause is mended: each hit once, also where some
of a batch had been counted, and whoever does this at the same time. They wait, without addresses,
for seven days.

  footfall aws redrive"""

ADOPT = """\
Take in what Serverless Analytics counted, out of its table in this account and region, as history
of a site of the stack: its page views by minute, with their titles. October's, which it wrote
wrongly, come to where they belong, to ten minutes. It knew nobody's visits, so all views of a day
show as one visitor's. Days on which Footfall has counted something are left alone.

  footfall aws adopt sls-analytics-data --website example.com
  footfall aws adopt sls-analytics-data --website my-website --site example.com"""

BACKUP = """\
Copy all figures, sites and keys of a stack into a folder of this machine, while counting goes on:
all that was counted before is in it. The secrets of days are never copied.

  footfall aws backup footfall-2026-06-10"""

RESTORE = """\
Bring back what 'backup' saved, into a stack that was made anew: make that first. What it counts
meanwhile stays, unless it is of days that the backup has. Where it is broken off, do it again.

  footfall aws deploy
  footfall aws restore footfall-2026-06-10"""

ERASE = """\
Delete some of what a stack has counted, as if it had never come; without --yes it is only said what
would go. Earlier versions of files go too. Where it is broken off, do it again.

  footfall aws erase --site example.com --filter 'event:page==/users/*' \\
      --period 2026-01-01,2026-01-31

Do it while no 'footfall aws backup' runs. Backups keep what they hold, and so does DynamoDB's own
for 35 days."""

REMOVE_SITE = """\
Remove a site with its keys and all that was counted of it, for good. Where it is broken off, do it
again: it deletes what was left.

  footfall aws remove-site example.com

Do it while no 'footfall aws backup' runs. Backups keep what they hold, and so does DynamoDB's own
for 35 days."""

RENAME_SITE = """\
Give a site another id. All that was counted, its goals and its keys come along. The old id becomes
an alias, so that pages which name it go on being counted.

  footfall aws rename-site example.com shop

Where it is broken off, or something came under the old id meanwhile, do it again. Do it while no
'footfall aws backup' runs."""

MERGE_SITES = """\
Make a site part of another: all that was counted, its domains and its ids. The settings and goals
of the other stay; its keys go on sending events, and are good for nothing else. A visitor of both
sites on one day stays two. This cannot be undone.

  footfall aws merge-sites shop.example.com example.com

Where it is broken off, or something came under the old id meanwhile, do it again. Do it while no
'footfall aws backup' runs."""

DESTROY = """\
Remove the stack. What was counted stays, in a table and a bucket that are named at the end, unless
--delete-data is given.

  footfall aws destroy
  footfall aws destroy --delete-data --yes               all of it, without asking"""

FRONT = """\
Try it without an account: both APIs, the dashboard and an example website on this machine, in front
of emulators of DynamoDB, Kinesis and S3. Requests go through the template's own mapping templates,
and what functions do in AWS is done here.

  pip install 'moto[server]' && moto_server -p 5000 &
  footfall aws front --endpoint-url http://127.0.0.1:5000"""

COST = """\
Estimate what a month costs, item by item, each with its price and where that is published. AWS is
not asked. What comes in is page views and, unless switched off, what the tracker tells of reading:
about 2.2 hits a view.

  footfall aws cost --views 1M
  footfall aws cost --views 10M --front-door function"""


def aws(command: argparse.ArgumentParser) -> None:
    """What to do and in which account."""
    actions = command.add_subparsers(
        dest="action", title="actions", metavar="ACTION", required=True
    )
    deploy = _action(actions, "deploy", "make it, or bring it up to this version", DEPLOY)
    template = _action(actions, "template", "print the template", TEMPLATE)
    status = _action(actions, "status", "print how it is doing", STATUS)
    scale = _action(actions, "scale", "size it for more or fewer hits", SCALE)
    again = _action(actions, "redrive", "count what was given up", REDRIVE)
    adopt = _action(actions, "adopt", "take in what Serverless Analytics counted", ADOPT)
    backup = _action(actions, "backup", "copy all figures into a folder", BACKUP)
    restore = _action(actions, "restore", "bring a copy back into a stack", RESTORE)
    erase = _action(actions, "erase", "delete some of what was counted", ERASE)
    remove = _action(actions, "remove-site", "remove a site with all that was counted", REMOVE_SITE)
    rename = _action(actions, "rename-site", "give a site another id", RENAME_SITE)
    merge = _action(actions, "merge-sites", "make a site part of another", MERGE_SITES)
    destroy = _action(actions, "destroy", "remove it, but not what was counted", DESTROY)
    front = _action(actions, "front", "try it in front of emulators", FRONT)
    cost = _action(actions, "cost", "estimate what a month costs", COST)
    _of_adopt(adopt)
    for each in (backup, restore):
        each.add_argument("folder", metavar="FOLDER", help="the folder of the copy")
    exchange.erase(erase)
    remove.add_argument("site_id", metavar="ID", help="the site's id")
    _of_moving(rename, merge)
    for each in (remove, merge):
        each.add_argument("--yes", action="store_true", help="do not ask")
    _of_front(front)
    _of_cost(cost)
    for each in (deploy, status, scale, again, adopt, backup, restore, destroy):
        _account(each)
    for each in (erase, remove, rename, merge):
        _account(each)
    for each in (deploy, template):
        hits_and_door(each)
        limits(each)
        parameters(each)
    deploy.add_argument(
        "--package", metavar="ZIP", help="the functions' code, made before [made now, with pip]"
    )
    scale.add_argument("--hits-per-second", metavar="N", type=whole, required=True, help=HITS)
    for each in (deploy, scale):
        each.add_argument(
            "--dry-run", action="store_true", help="print what would change, and change nothing"
        )
    destroy.add_argument(
        "--delete-data",
        action="store_true",
        help="delete also what was counted, and all sites and keys, for good",
    )
    destroy.add_argument("--yes", action="store_true", help="do not ask")


def _of_moving(rename: argparse.ArgumentParser, merge: argparse.ArgumentParser) -> None:
    rename.add_argument("site_id", metavar="OLD", help="the site's id")
    rename.add_argument("new_id", metavar="NEW", help="the id that it shall have")
    merge.add_argument("site_id", metavar="FROM", help="the site that ends")
    merge.add_argument("into_id", metavar="INTO", help="the site that it becomes part of")


def _of_adopt(adopt: argparse.ArgumentParser) -> None:
    adopt.add_argument("table", metavar="TABLE", help="its table")
    adopt.add_argument(
        "--website", metavar="NAME", required=True, help="what it called the website"
    )
    adopt.add_argument(
        "--site", dest="site_id", metavar="ID", help="the site to take it in as [the same name]"
    )


def _of_front(front: argparse.ArgumentParser) -> None:
    front.add_argument(
        "--endpoint-url",
        metavar="URL",
        required=True,
        help="where the emulators listen, on this machine",
    )
    front.add_argument(
        "--host", metavar="H", default="127.0.0.1", help="the address to listen on [127.0.0.1]"
    )
    front.add_argument(
        "--port",
        metavar="P",
        type=int,
        default=8000,
        help="the port to listen on; 0 for any free one [8000]",
    )


def _of_cost(cost: argparse.ArgumentParser) -> None:
    cost.add_argument(
        "--views",
        metavar="N",
        required=True,
        type=_count,
        help="page views a month, such as 250000 or 1M",
    )
    cost.add_argument(
        "--hits-per-view",
        metavar="X",
        type=float,
        default=2.2,
        help="1 without the tracker's reading times [2.2]",
    )
    cost.add_argument("--front-door", choices=["rest", "function"], help="what takes hits [rest]")
    cost.add_argument(
        "--window",
        metavar="S",
        type=whole,
        default=10,
        help="for how many seconds hits are gathered [10]",
    )
    cost.add_argument(
        "--sites", metavar="N", type=whole, default=1, help="how many sites are counted [1]"
    )
    cost.add_argument(
        "--dashboard-hours",
        metavar="H",
        type=float,
        default=60.0,
        help="for how many hours a dashboard is looked at [60]",
    )
    cost.add_argument("--web-acl", action="store_true", help="with a web ACL of one rule")


def _account(command: argparse.ArgumentParser) -> None:
    """Which stack, and where it is."""
    command.add_argument(
        "--stack", metavar="NAME", default="footfall", help="the stack's name [footfall]"
    )
    command.add_argument(
        "--region",
        metavar="R",
        help="the region, such as eu-central-1 [AWS_DEFAULT_REGION, or the profile's]",
    )
    command.add_argument(
        "--profile", metavar="P", help="a profile of the AWS configuration [AWS_PROFILE]"
    )
    command.add_argument(
        "--endpoint-url",
        metavar="URL",
        help="an emulator to use instead of AWS [AWS_ENDPOINT_URL]",
    )


def _count(text: str) -> int:
    try:
        return count(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a number such as 250000 or 1M, not {text!r}"
        ) from None


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, short: str, text: str
) -> argparse.ArgumentParser:
    return actions.add_parser(name, help=short, description=text, formatter_class=Help)
