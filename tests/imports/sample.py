"""An access log of our own making, and the real one where it lies beside the repository."""

import random
from pathlib import Path

SHARED = Path(__file__).parents[3] / "shared" / "data" / "apache_logs"
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
    "-",
)
TARGETS = ("/", "/blog/", "/blog/first?utm_source=letter&q=secret", "/about", "/style.css", "/logo.png?v=2", "/robots.txt", "/search?q=%22x%22", "/wp-login.php", "/öffnen")
REFERRERS = ("-", "https://www.google.com/", "https://semicomplete.com/blog/", "https://news.example.org/a?b", "android-app://com.example/")
STATUSES = (200, 200, 200, 200, 304, 301, 404, 500, 206)
SITE = "semicomplete.com"


def lines(count: int, seed: int = 1, *, faulty: bool = True) -> list[str]:
    """Lines of the combined format over four days in May 2015, some of them out of order and, unless told, some faulty."""
    dice = random.Random(seed)
    second, found = 0, []
    for _ in range(count):
        second = min(max(second + dice.randrange(-2, 2 * 4 * 86_400 // count), 0), 4 * 86_400 - 1)
        day, clock = 17 + second // 86_400, second % 86_400
        moment = f"{day:02}/May/2015:{clock // 3600:02}:{clock // 60 % 60:02}:{clock % 60:02} +0000"
        address = f"192.0.2.{dice.randrange(60)}" if dice.random() < 0.9 else f"2001:db8:0:{dice.randrange(99):x}::7"
        request = f"{dice.choice(('GET',) * 8 + ('POST', 'HEAD'))} {dice.choice(TARGETS)} HTTP/1.1"
        found.append(f'{address} - - [{moment}] "{request}" {dice.choice(STATUSES)} {dice.randrange(9_999)} "{dice.choice(REFERRERS)}" "{dice.choice(AGENTS)}"')
    for index in range(50, count, 331) if faulty else ():
        found[index] = dice.choice(("", "nonsense", found[index][:30], found[index].replace("May", "Quux"), '192.0.2.1 - - [17/May/2015:10:00:00 +0000] "-" 408 0 "-" "-"'))
    return found


def log(folder: Path) -> Path:
    """The real log where it is, else one of ours of as many lines."""
    if SHARED.is_file():
        return SHARED
    path = folder / "access.log"
    path.write_text("".join(f"{line}\n" for line in lines(10_000, faulty=False)))
    return path
