"""What the site shows besides the files here: pages of the root, commands, and decisions."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from footfall.cli.parser import parser
from footfall.settings import OPTIONS

ROOT = Path(__file__).parents[1]
OF_ROOT = {"ARCHITECTURE.md": "architecture.md", "CHANGELOG.md": "changes.md"}
ICON = "dashboard/public/icon.svg"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie in the root, and the dashboard's icon."""
    for source, name in OF_ROOT.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text("utf-8")))
    files.append(File.generated(config, "icon.svg", abs_src_path=str(ROOT / ICON)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what is made, and have links lead to where pages lie in the site."""
    for name, made in MADE.items():
        # What follows the mark is for those who read the file itself.
        before, found, _ = markdown.partition(f"<!-- {name} -->")
        markdown = before + "\n".join(made()) if found else markdown
    if page.file.src_uri in OF_ROOT.values():
        markdown = markdown.replace("](docs/", "](")
    for source, name in OF_ROOT.items():
        markdown = re.sub(rf"\]\(((?:\.\./)*)\.\./{re.escape(source)}", rf"](\g<1>{name}", markdown)
    return markdown


def decisions() -> Iterator[str]:
    """A line for each decision, by its heading."""
    for path in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        heading = path.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        yield f"* [{heading}]({path.name})"


def commands() -> Iterator[str]:
    """Every command and action with its flags, as the command line itself describes them."""
    yield from _described(parser(), 1)


MADE = {"commands": commands, "decisions": decisions}


def actions_of(command: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands below a command, by name."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def _described(command: argparse.ArgumentParser, depth: int) -> Iterator[str]:
    below = actions_of(command)
    if depth > 1:
        own = [action for action in command._actions if _is_told(action)]
        yield from ("#" * depth + f" {command.prog}", "", *_markdown(command.description or ""), "")
        yield from _flags([action for action in own if action.dest not in OPTIONS])
        flags = [action.option_strings[0] for action in own if action.dest in OPTIONS]
        settings = [f"[`{flag}`](settings.md)" for flag in flags]
        if settings and not below:
            yield from (f"Settings: {', '.join(settings)}.", "")
    for each in below.values():
        yield from _described(each, depth + 1)


def _is_told(action: argparse.Action) -> bool:
    own = not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
    return own and action.help is not argparse.SUPPRESS


def _markdown(text: str) -> Iterator[str]:
    """A description with its examples, which are indented by two, as Markdown."""
    example = False
    for line in text.splitlines():
        if line and line.startswith("  ") != example:
            example = not example
            yield ""
        yield f"  {line}" if example else _escaped(line)


def _flags(actions: list[argparse.Action]) -> Iterator[str]:
    if actions:
        yield from ("| | |", "|---|---|")
        for action in actions:
            value = value_of(action)
            flags = action.option_strings or [""]
            names = ", ".join(f"`{f'{flag} {value}'.strip()}`" for flag in flags)
            said = _escaped(action.help or "").replace("%%", "%")
            yield f"| {names} | {said} |"
        yield ""


def value_of(action: argparse.Action) -> str:
    """What stands for a flag's value, or for a command's argument; empty for a switch."""
    if action.nargs == 0:
        return ""
    if action.metavar:
        shown = action.metavar
        return shown if isinstance(shown, str) else " ".join(shown)
    if action.choices:
        return f"{{{','.join(map(str, action.choices))}}}"
    return action.dest.upper()


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[|])", r"\\\1", text).replace("<", "&lt;")
