"""Sites, keys and goals, as people add, change, list and remove them."""

from tests.cli.command import last, refused, run


def test_a_site_from_its_first_to_its_last_day(tmp_path):
    data = ("--data", str(tmp_path / "made"))
    add = "site add www.Example.com --timezone Asia/Kathmandu --domain bücher.example --alias UA-1"
    assert last(run(*add.split(), *data)) == "example.com"
    add = "site add straße.example --id street --public --exclude-hostname WWW.Straße.example"
    assert last(run(*add.split(), *data)) == "street"
    assert run("site", "list", *data).stdout.splitlines() == [
        "example.com  example.com, xn--bcher-kva.example  Asia/Kathmandu  private  aliases: UA-1",
        "street  xn--strae-oqa.example  UTC  public",
    ]
    edit = ("site", "edit", "example.com", "--public")
    domains = ("--domain", "example.net", "--remove-domain", "bücher.example")
    aliases = ("--alias", "2", "--remove-alias", "UA-1")
    assert last(run(*edit, *domains, *aliases, *data)) == "example.com"
    assert (
        run("site", "list", *data).stdout.splitlines()[0]
        == "example.com  example.com, example.net  Asia/Kathmandu  public  aliases: 2"
    )
    last(run("key", "add", "--site", "example.com", "--scope", "stats:read", *data))
    assert last(run("site", "remove", "example.com", *data)) == "removed example.com"
    assert run("site", "list", *data).stdout.startswith("street  ")
    assert run("key", "list", *data).stdout == "", "a site's keys go with it"
    folder = tmp_path / "made"
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}, (
        "what is kept is nobody else's business"
    )


def test_a_key_from_its_first_to_its_last_day(tmp_path):
    data = ("--data", str(tmp_path / "made"))
    last(run("site", "add", "example.com", *data))
    add = ("key", "add", "--site", "example.com", "--scope", "stats:read")
    secret = last(run(*add, "--scope", "events:write", *data))
    other = last(run(*add, *data))
    assert secret.startswith("ff_")
    assert len(secret) > 40
    listed = run("key", "list", *data).stdout
    assert f"{secret[:11]}  example.com  stats:read, events:write  made 20" in listed
    assert secret not in listed
    assert last(run("key", "revoke", secret[:11], *data)) == f"revoked {secret[:11]}"
    assert last(run("key", "revoke", other, *data)) == f"revoked {other[:11]}"
    assert run("key", "list", *data).stdout == ""


def test_settings_of_a_site_are_shown_and_taken_back(tmp_path):
    data = ("--data", str(tmp_path / "made"))
    wide = ("--domain", "*.Shop.example", "--only-hosts", "--merge-slashes")
    ignored = (
        "--ignore-referrer",
        "https://checkout.stripe.com/",
        "--ignore-referrer",
        "*.PayPal.com",
    )
    assert (
        last(run("site", "add", "https://shop.example/", *wide, *ignored, *data)) == "shop.example"
    )
    assert run("site", "list", *data).stdout.splitlines() == [
        "shop.example  shop.example, *.shop.example  UTC  private  only its hosts  slashes merged"
        "  ignored referrers: checkout.stripe.com, *.paypal.com"
    ]
    back = ("--no-only-hosts", "--no-merge-slashes", "--heed-referrer", "*.paypal.com")
    last(run("site", "edit", "shop.example", *back, "--remove-domain", "*.shop.example", *data))
    assert run("site", "list", *data).stdout.splitlines() == [
        "shop.example  shop.example  UTC  private  ignored referrers: checkout.stripe.com"
    ]
    nameless = run("site", "add", "*.other.example", *data)
    assert nameless.returncode == 1
    assert "--id" in nameless.stderr
    assert last(run("site", "add", "*.other.example", "--id", "other", *data)) == "other"


def test_goals_of_a_site(tmp_path):
    where = ("--data", str(tmp_path / "data"))
    last(run("site", "add", "example.com", "--retention-days", "90", *where))
    assert (
        last(run("goal", "add", "--site", "example.com", "--page", "/thanks*", *where))
        == "Visit /thanks*"
    )
    buy = ("goal", "add", "--site", "example.com", "--event", "Buy", "--prop", "plan=a=b")
    named = ("--currency", "EUR", "--name", "Big buys")
    assert last(run(*buy, *named, *where)) == "Big buys"
    assert run("goal", "list", "--site", "example.com", *where).stdout.splitlines() == [
        "Visit /thanks*  page /thanks*",
        "Big buys  event Buy  plan=a=b  EUR",
    ]
    assert "two goals 'Big buys'" in refused(
        run("goal", "add", "--site", "example.com", "--event", "Big buys", *where)
    )
    assert (
        last(run("goal", "remove", "Big buys", "--site", "example.com", *where))
        == "removed Big buys"
    )
    assert refused(run("goal", "remove", "Big buys", "--site", "example.com", *where)) == (
        "site 'example.com' has no goal 'Big buys';"
        " 'footfall goal list --site example.com' shows all"
    )
    assert "there is no site 'other'" in refused(run("goal", "list", "--site", "other", *where))
    assert "needs a page such as" in refused(
        run("goal", "add", "--site", "example.com", "--page", "thanks", *where)
    )
    assert "kept for 30 days at least" in refused(
        run("site", "edit", "example.com", "--retention-days", "7", *where)
    )
