"""What docs/snippet.md tells people to put into their sites counts: the blocks of the page, in real pages and real builds."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.install.manual import blocks
from tests.patience import SECONDS
from tests.tracker.shop import Shop
from tests.tracker.website import Page

pytestmark = pytest.mark.slow
PAGE = "snippet.md"
FRAMEWORKS = Path(__file__).parents[1] / "frameworks"
TRACKER = Path(__file__).parents[2] / "tracker"
# Those from a host of one's own need a proxy: tests/install/test_own_host.py.
PIECES = [block for block in blocks(PAGE, "html", "astro", "php") if ' src="/' not in block]
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}


def ours(block: str, shop: Shop) -> str:
    """A block with the names of a test in place of the page's."""
    for theirs, name in (
        ("https://stats.example.com", shop.server.url),
        ("'example.com'", f"'{shop.site}'"),
        ('"example.com"', f'"{shop.site}"'),
        ("w=example.com", f"w={shop.site}"),
    ):
        block = block.replace(theirs, name)
    assert shop.server.url in block
    return block


@pytest.mark.parametrize("piece", PIECES, ids=[f"{number}" for number in range(len(PIECES))])
def test_every_piece_of_html_counts_once(shop, opened, piece):
    """Of WordPress the HTML that its PHP prints."""
    html = re.sub(r"<\?php.*?(\?>|\Z)", "", ours(piece, shop), flags=re.DOTALL).replace("is:inline ", "")
    assert not re.search(r"<\?|add_action", html)
    letter = "u=" in piece
    scripted = "<script" in html
    opened(java_script_enabled=scripted).new_page().goto(shop.put("page", head=html))
    shop.expect_views({"/letters/may" if letter else "page": 1})
    if scripted and "<noscript" in html:
        opened(java_script_enabled=False).new_page().goto(shop.put("without", head=html))
        shop.expect_views({"page": 1, "without": 1})


def test_there_are_pieces():
    assert len(PIECES) >= 6


def test_the_tag_managers_piece_may_fire_twice_and_late(shop, opened):
    (piece,) = blocks(PAGE, "html", heading="Tag managers")
    page = opened().new_page()
    page.goto(shop.put("page", "<p data-event=Tap>tap</p>", head=""))
    page.wait_for_load_state("load")
    script = ours(piece, shop).replace("<script>", "").replace("</script>", "")
    for _ in range(2):
        page.evaluate(script)
        page.wait_for_function("typeof footfall === 'function'")
    page.locator("p").click()
    page.evaluate("history.pushState(0, '', 'second')")
    shop.expect(["events"], ["event:page", "event:name"], {("page", "pageview"): 1, ("page", "Tap"): 1, ("second", "pageview"): 1})


def test_a_tag_that_lost_its_attributes_counts_for_the_host_of_its_page(shop, opened):
    page = opened().new_page()
    page.goto(shop.put("page", head="", host=f"{shop.site}.test"))
    page.evaluate("source => { const tag = document.createElement('script'); tag.src = source; document.body.append(tag) }", f"{shop.server.url}/js/f.js")
    shop.expect_views({"page": 1})


def test_the_policy_is_enough(shop, opened):
    (policy,) = re.findall(r"^ {4}Content-Security-Policy: (.*)$", (TRACKER.parent / "docs" / PAGE).read_text(), re.MULTILINE)
    script, image = blocks(PAGE, "html", heading="HTML")
    for scripted in (True, False):
        page = opened(java_script_enabled=scripted).new_page()
        page.goto(shop.put(f"{scripted}", ours(image, shop), head=ours(script, shop), content_security_policy=ours(policy, shop)))
    shop.expect_views({"True": 1, "False": 1})


def served(website, folder: Path, root: str) -> None:
    """Serve a built site below a path."""
    for path in folder.rglob("*"):
        if path.suffix in TYPES:
            name = path.relative_to(folder).as_posix()
            website.pages[root + name.removesuffix("index.html")] = Page(path.read_text(), {"content-type": TYPES[path.suffix]})


def test_mkdocs_puts_it_into_its_pages(shop, website, opened, tmp_path):
    (lines,) = blocks(PAGE, "yaml", heading="VitePress, MkDocs, Hugo")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Manual")
    (tmp_path / "mkdocs.yml").write_text("site_name: Manual\nplugins: []\ntheme: {name: readthedocs, highlightjs: false}\n" + ours(lines, shop))
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--quiet"], cwd=tmp_path, check=True, capture_output=True, timeout=SECONDS)
    served(website, tmp_path / "site", f"/{shop.site}/manual/")
    opened().new_page().goto(website.url(f"/{shop.site}/manual/", f"{shop.site}.test"))
    shop.expect_views({"manual/": 1})


BUTTON = """<button data-event="Press" {click}="{call}">next</button>"""
GO = "() => history.pushState(0, '', './next')"
APPS: dict[str, dict[str, str]] = {
    "react": {
        "main.jsx": "import { createRoot } from 'react-dom/client'\nimport App from './App.jsx'\ncreateRoot(document.body).render(<App />)\n",
        "App.jsx": f"export default () => {BUTTON}\n".replace('{click}="{call}"', f"onClick={{{GO}}}"),
        "vite.config.js": "export default { build: { minify: false } }\n",
    },
    "vue": {
        "main.js": "import { createApp } from 'vue'\nimport App from './App.vue'\ncreateApp(App).mount(document.body)\n",
        "App.vue": f"<script setup>const go = {GO}</script><template>{BUTTON}</template>\n".replace('{click}="{call}"', '@click="go"'),
        "vite.config.js": "import vue from '@vitejs/plugin-vue'\nexport default { plugins: [vue()], build: { minify: false } }\n",
    },
    "svelte": {
        "main.js": "import { mount } from 'svelte'\nimport App from './App.svelte'\nmount(App, { target: document.body })\n",
        "App.svelte": f"<script>const go = {GO}</script>{BUTTON}\n".replace('{click}="{call}"', "onclick={go}"),
        "vite.config.js": "import { svelte } from '@sveltejs/vite-plugin-svelte'\nexport default { plugins: [svelte()], build: { minify: false } }\n",
    },
}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str, str], Path]:
    """Builds an application by Vite, with a head and something before its main file; the package is made from its source once."""
    subprocess.run(["npm", "run", "--silent", "package"], cwd=TRACKER, check=True, timeout=SECONDS)

    def built(framework: str, head: str, before: str) -> Path:
        folder = tmp_path_factory.mktemp(framework)
        (folder / "node_modules").symlink_to(FRAMEWORKS / "node_modules")
        (folder / "package.json").write_text('{"type": "module"}')
        for name, text in APPS[framework].items():
            (folder / name).write_text(before + text if name.startswith("main") else text)
        (main,) = (name for name in APPS[framework] if name.startswith("main"))
        (folder / "index.html").write_text(
            f'<!doctype html><html lang="en"><head><title>App</title>{head}</head><body><script type="module" src="./{main}"></script></body></html>'
        )
        subprocess.run([FRAMEWORKS / "node_modules" / ".bin" / "vite", "build", "--base", "./", "--logLevel", "error"], cwd=folder, check=True, timeout=SECONDS)
        return folder / "dist"

    return built


@pytest.mark.parametrize("framework", APPS)
def test_applications_count_their_pages(shop, website, opened, build, framework):
    """With the module; one of them with the tag in its page too."""
    (module,) = blocks(PAGE, "js", heading="React, Vue, Svelte with Vite")
    tag, _ = blocks(PAGE, "html", heading="HTML")
    ways = {"module": ("", ours(module, shop))} | ({"tag": (ours(tag, shop), "")} if framework == "vue" else {})
    for name, parts in ways.items():
        served(website, build(framework, *parts), f"/{shop.site}/{name}/")
        page = opened().new_page()
        page.goto(website.url(f"/{shop.site}/{name}/"))
        page.wait_for_timeout(200)  # its title is waited for
        page.get_by_role("button").click()
    told = {("", "pageview"), ("", "Press"), ("next", "pageview")}
    shop.expect(["events"], ["event:page", "event:name"], {(f"{name}/{page}", event): 1 for name in ways for page, event in told})
