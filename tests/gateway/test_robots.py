"""Which user agents are robots': by name, by a word of their own, by their kind."""

import json
import re

import crawleruseragents
import pytest

from footfall.gateway.robots import TABLE, robot_lookup
from tests.agents import APPS, DEVICES

ROBOTS = """
ELB-HealthChecker/2.0
GuzzleHttp/7
Datadog/Synthetics
reqwest/0.12
Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/22.1.0
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Prerender (+https://github.com/prerender/prerender)
Prerender (+https://github.com/prerender/prerender)
GoogleHC/1.0
kube-probe/1.29
Amazon-Route53-Health-Check-Service (ref 1234; report http://amzn.to/1vsZADi)
Consul Health Check
Envoy/HC
Blackbox Exporter/0.24.0
check_http/v2.3.3 (nagios-plugins 2.3.3)
Zabbix
UptimeRobot/2.0
Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)
Better Uptime Bot Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/95 Safari/537.36
Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)
StatusCake
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 DatadogSynthetics
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 (Checkly, https://www.checklyhq.com)
HetrixTools Uptime Monitoring Bot. https://hetrix.tools/uptime-monitoring-bot.html
Uptime-Kuma/1.23.3
Site24x7
Go-http-client/2.0
Go 1.1 package http
fasthttp
go-resty/2.7.0 (https://github.com/go-resty/resty)
python-requests/2.32.3
Python/3.11 aiohttp/3.9.5
python-httpx/0.27.0
Python-urllib/3.11
python-urllib3/2.2
Mozilla/5.0 (Python-urllib2)
node-fetch/1.0 (+https://github.com/bitinn/node-fetch)
node
undici
Node.js/22
axios/1.7.2
got (https://github.com/sindresorhus/got)
node-superagent/5.0.2
Needle/3.2.0 (Node.js v18.14.2; win32 x64)
Bun/1.0.6
Deno/2.1.7
Dart/3.5 (dart:io)
Java/17.0.9
Java-http-client/17.0.9
Apache-HttpClient/4.5.14 (Java/17.0.12)
Jakarta Commons-HttpClient/3.1
okhttp/4.12.0
ktor-client
Ktor client
akka-http/10.2.10
AHC/2.1
ReactorNetty/1.1.15
Jersey/2.35 (HttpUrlConnection 11.0.1)
Google-HTTP-Java-Client/1.42.0 (gzip)
Ruby
rest-client/2.1.0 (linux-gnu x86_64) ruby/2.7.2p137
Faraday v2.7.4
Typhoeus - https://github.com/typhoeus/typhoeus
http.rb/5.1.1
Mechanize/2.9.1 Ruby/3.2.2p53 (http://github.com/sparklemotion/mechanize/)
libwww-perl/6.67
WWW-Mechanize/1.73
Mojolicious (Perl)
PHP/8.2
GuzzleHttp/6.5.5 curl/7.70.0 PHP/7.4.22
Symfony HttpClient (Curl)
WordPress/6.4.2; https://example.com
PHP-SOAP/7.4.33
hyper/0.14
ureq/2.9.1
isahc/0.9
surf/2.3
hackney/1.20.1
mint/1.5.1
req/0.4.8
Finch
lua-resty-http/0.17.1 (Lua) ngx_lua/10025
libcurl/8.5.0 r-curl/5.2.0 httr/1.4.7
HTTP.jl/1.10
haskell-http-client
cpp-httplib/0.14.1
libsoup/3.4
RestSharp/110.2.0.0
Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)
Microsoft Office/16.0 (Microsoft Excel; Pro)
Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1
Mozilla/3.0 (compatible; Indy Library)
PostmanRuntime/7.36.0
insomnia/8.6.1
HTTPie/3.2.2
curl/8.5.0
Wget/1.21.4
aria2/1.36.0
Lavf/58.29.100
Apache-JMeter/5.6
k6/0.49.0 (https://k6.io/)
Artillery (https://artillery.io)
locust
hey/0.0.1
ApacheBench/2.3
Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Cypress/13.6.0 Chrome/114.0.5735.289 Electron/25.8.4 Safari/537.36
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0.0.0 Safari/537.36
Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36 Chrome-Lighthouse
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/113.0.0.0 Safari/537.36 PTST/240101.1
Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/534.34 (KHTML, like Gecko) wkhtmltopdf Safari/534.34
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; GTmetrix) Chrome/117 Safari/537.36
HappyDOM/12.10.3
Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) HappyDOM/12.10.3
Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers; like FeedFetcher-Google)
FreshRSS/1.23.1 (Linux; https://freshrss.org)
Tiny Tiny RSS/23.12 (https://tt-rss.org/)
Miniflux/2.1.0
NetNewsWire (RSS Reader; https://netnewswire.com/)
WhatsApp/2.23.20.0 A
WhatsApp/2.24.22.78 i
TelegramBot (like TwitterBot)
Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)
Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)
facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)
Twitterbot/1.0
LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)
SkypeUriPreview Preview/0.5
Iframely/1.3.1 (+https://iframely.com/docs/about)
Mastodon/4.2.1 (http.rb/5.1.1; +https://mastodon.social/)
Viber/13.5.0
Mozilla/5.0 (compatible; FooBot/1.0)
FooBot/1.0 (contact@example.org)
MyCrawler
some-scraper 1.0
mydownloader/1.0
LinkChecker/10.2 (+https://linkchecker.github.io/linkchecker/)
W3C_Validator/1.3
CCBot/2.0 (https://commoncrawl.org/faq/)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)
Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)
Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
Amazon CloudFront
aws-sdk-js/2.1
Zapier
Google-Apps-Script
Scrapy/2.11.0 (+https://scrapy.org)
colly - https://github.com/gocolly/colly
Mozilla/5.0 zgrab/0.x
sqlmap/1.7
Nessus SOAP
Nuclei - Open-source project (github.com/projectdiscovery/nuclei)
HTTP Banner Detection (https://security.ipip.net)
Expanse, a Palo Alto Networks company, searches across the global IPv4 space
Apache/2.4.34 (Ubuntu) OpenSSL/1.1.1 (internal dummy connection)
Monit/5.33.0
monitis - premium monitoring service
Varnish
Hatena Antenna/0.3
Outlook-iOS-Preview/1
Traefik
Cloudflare-Healthchecks/1.0 (+https://www.cloudflare.com/; healthcheck-id: x)
Azure Traffic Manager Endpoint Monitor
Edge Health Probe
LoadBalancer-Agent
AlwaysOn
fetch
cpr/1.10
PycURL/7.45.2 libcurl/8.5.0 OpenSSL/3.0.11
Twisted PageGetter
tesla/1.4
http-kit/2.0
clj-http/3.12
Nim-httpclient/2.0
Crystal
Swift-HTTPClient/1.0
unirest-java/3.1
Feign/12
HTTPClient/1.0 (2.8.3, ruby 3.0)
Ruby/3.2 Net::HTTP
Embarcadero URI Client/1.0
anyevent-http/2.24
"""

PEOPLE = """
Roku4640X/DVP-7.70 (297.70E04154A)
Roku/DVP-9.10 (519.10E04111A)
AppleTV11,1/11.1
AppleCoreMedia/1.0.0.21F79 (iPhone; U; CPU OS 17_5 like Mac OS X; de_de)
MyNews/12 CFNetwork/1568.100.1 Darwin/24.0.0
SearchApp/1.0 (com.example.search; build:1; iOS 18.1.0) Alamofire/5.8.1
Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP2A)
Gopher/1.0
Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1
w3m/0.5.3+git20230121
Links (2.29; Linux x86_64 GNU C; text)
ELinks/0.13.1 (textmode; Linux; 80x24-2)
Dillo/3.0.5
NokiaN70-1/5.0737.3.0.1 Series60/2.8 Profile/MIDP-2.0 Configuration/CLDC-1.1
UCWEB/2.0 (Java; U; MIDP-2.0; en-US; nokia) U2/1.0.0 UCBrowser/9.4.1.377 U2/1.0.0 Mobile
Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10
Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)
Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)
Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)
Mozilla/5.0 (compatible; Konqueror/4.5; FreeBSD) KHTML/4.5.4 (like Gecko)
Mozilla/5.0 (X11; Linux x86_64; rv:6.6) Goanna/20240101 PaleMoon/33.0
BlackBerry9700/5.0.0.351 Profile/MIDP-2.1 Configuration/CLDC-1.1 VendorID/123
HbbTV/1.4.1 (+DRM;Samsung;SmartTV2021:UAU9000;T-KSU2EDEUC-1453.5;KantSU2e;urn:samsungtv:familyname:21_KANTSU2E_UHD_BASIC:2021;)
Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.198 Mobile Safari/537.36
Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20 Build/RP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36 Instagram 300.0.0.0 Android
Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) QtWebEngine/6.5.3 Chrome/108.0.5359.220 Safari/537.36
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Grammarly
Мозилла/5.0
"""


def lines(text):
    return [line for line in text.splitlines() if line]


@pytest.fixture(scope="module")
def is_robot():
    return robot_lookup()


@pytest.mark.parametrize("agent", lines(ROBOTS))
def test_machines_are_robots(is_robot, agent):
    assert is_robot(agent)


@pytest.mark.parametrize("agent", lines(PEOPLE))
def test_programs_that_people_read_with_are_not(is_robot, agent):
    assert not is_robot(agent)


@pytest.mark.parametrize("name", APPS)
def test_browsers_within_apps_are_not(is_robot, name):
    assert not is_robot(APPS[name].agent)


def test_nothing_is_a_robot_s(is_robot):
    assert is_robot("")


BROWSERS = [agent for named in DEVICES.values() for agent in named.values()]


def test_no_kind_is_that_of_a_browser(is_robot):
    """A word of a kind within a browser's agent, such as a page's or a device's name, is nothing."""
    for word in ("python", "search", "feed", "monitor", "curl", "java", "check", "preview"):
        for agent in BROWSERS[:20]:
            assert not is_robot(f"{agent} {word}"), f"{agent} {word}"


def test_all_patterns_compile_and_none_stands_twice():
    table = json.loads(TABLE.read_text("utf-8"))
    kinds = [pattern for kind in table["kinds"].values() for pattern in kind]
    for patterns in (table["marks"], kinds, table["apps"]):
        assert len(set(patterns)) == len(patterns)
        assert all(re.compile(pattern) for pattern in patterns)


def test_the_names_of_apps_are_of_the_list():
    table = json.loads(TABLE.read_text("utf-8"))
    listed = {entry["pattern"] for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA}
    assert set(table["apps"]) <= listed


def test_the_list_is_known(is_robot):
    """All agents that it gives as examples, but for those of apps that people read with."""
    table = TABLE.read_text("utf-8")
    for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA:
        if entry["pattern"].replace("\\", "\\\\") not in table:
            assert all(is_robot(agent) for agent in entry["instances"]), entry["pattern"]
