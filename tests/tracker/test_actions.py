"""Events: what visitors do, and what pages tell of it."""

import pytest

pytestmark = pytest.mark.slow
PAGE = """
<a id=away href="http://elsewhere.test/page?x=1">away</a> <a id=inside href="#below">inside</a> <a id=mail href="mailto:a@shop.test">mail</a>
<a id=file href="list.PDF">file</a> <a id=deep href="http://elsewhere.test/"><b id=bold>deep</b></a>
<button id=buy data-event="Buy" data-prop-plan-name="gold" data-prop-size="3"><i id=inner>buy</i></button>
<form id=letter action="thanks"><input required id=field><button id=send>send</button></form>
<form id=named action="thanks" data-event="Newsletter"><button id=go>go</button></form>
<script>for (const form of document.forms) form.addEventListener('submit', event => event.preventDefault())
for (const id of ['away', 'deep', 'file']) document.getElementById(id).addEventListener('click', event => event.preventDefault())
const host = document.body.appendChild(document.createElement('div')).attachShadow({mode: 'open'})
host.innerHTML = '<a href="http://shadow.test/">shadow</a>'
host.firstChild.addEventListener('click', event => event.preventDefault())</script>
"""


def test_links_files_forms_and_named_elements(shop, opened):
    page = opened().new_page()
    page.goto(shop.put("page", PAGE))
    for name in ("away", "inside", "mail", "file", "bold", "inner", "send", "go"):
        page.locator(f"#{name}").click()
    page.get_by_role("link", name="shadow").click()
    page.locator("#field").fill("x")
    page.locator("#send").click()
    page.locator("#away").click(button="right")
    with page.context.expect_page() as tab:
        page.locator("#deep").click(button="middle")
    tab.value.close()
    page.locator("#away").click(modifiers=["Control"])
    shop.expect(
        ["events"], ["event:name", "event:props:url"],
        {
            ("Outbound Link: Click", "http://elsewhere.test/page?x=1"): 2, ("Outbound Link: Click", "http://elsewhere.test/"): 2,
            ("Outbound Link: Click", "http://shadow.test/"): 1, ("File Download", page.url.removesuffix("#below").removesuffix("page") + "list.PDF"): 1,
        },
        ["contains", "event:name", ["Outbound", "File"]],
    )  # fmt: skip
    shop.expect(["events"], ["event:name", "event:props:plan-name", "event:props:size"], {("Buy", "gold", "3"): 1}, ["is", "event:name", ["Buy"]])
    shop.expect(["events"], ["event:name"], {"Form: Submission": 1, "Newsletter": 1}, ["contains", "event:name", ["Form", "News"]])


def test_a_page_tells_of_a_sale(shop, opened):
    page = opened().new_page()
    page.goto(shop.put("page"))
    page.evaluate("footfall('Purchase', {props: {plan: 'pro', seats: 3}, revenue: {currency: 'EUR', amount: 12.5}})")
    page.evaluate("footfall('Purchase', {revenue: {currency: 'EUR', amount: '7.50'}, url: location.origin + '/till'})")
    page.evaluate("footfall('Seen', {interactive: false})")
    shop.expect(
        ["events", "total_revenue"], ["event:name"], {"Purchase": (2, {"currency": "EUR", "value": 20.0, "short": "€20", "long": "€20.00"})}, ["is", "event:name", ["Purchase"]]
    )
    shop.expect(["events"], ["event:page"], {"page": 1, "/till": 1}, ["is", "event:name", ["Purchase"]])


def test_looking_on_is_no_action(shop, opened):
    page = opened().new_page()
    page.goto(shop.put("page"))
    page.evaluate("footfall('Seen', {interactive: false})")
    shop.expect(["events", "bounce_rate"], [], {(): (2, 100)})
    page.evaluate("footfall('Pressed')")
    shop.expect(["events", "bounce_rate"], [], {(): (3, 0)})


def test_a_page_counted_by_hand(shop, opened):
    page = opened().new_page()
    page.goto(shop.put("page"))
    page.evaluate("footfall('pageview', {url: location.origin + '/step-2'})")
    page.wait_for_timeout(150)
    page.evaluate("footfall('pageview')")
    shop.expect_views({"page": 2, "/step-2": 1})
