"""User agents of real devices, by class of device and name."""

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
DEVICES = {
    "desktop": {
        "Chrome on Windows": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/130.0.0.0 Safari/537.36",
        "Edge on Windows": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
        "Internet Explorer 11 with Tablet PC": "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; SLCC2; .NET CLR 2.0.50727; Media Center PC 6.0; Tablet PC 2.0; rv:11.0) like Gecko",
        "Safari on a Mac": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
        "Firefox on Linux": "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
        "Firefox on Ubuntu": "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
        "Chrome on Chrome OS": f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/130.0.0.0 Safari/537.36",
        "Firefox on FreeBSD": "Mozilla/5.0 (X11; FreeBSD amd64; rv:130.0) Gecko/20100101 Firefox/130.0",
        "Opera on Windows": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/129.0.0.0 Safari/537.36 OPR/114.0.0.0",
    },
    "mobile": {
        "iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
        "Chrome on Android": f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36",
        "Firefox on Android": "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
        "Samsung Internet": f"Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) {WEBKIT} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
        "CUBOT": f"Mozilla/5.0 (Linux; Android 9; CUBOT_X19) {WEBKIT} Chrome/86.0.4240.198 Mobile Safari/537.36",
        "Windows Phone": f"Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) {WEBKIT} Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15063",
        "Opera Mini": "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10",
        "KaiOS": "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
        "a model whose name holds AFT": f"Mozilla/5.0 (Linux; Android 11; DRAFTER Pro) {WEBKIT} Chrome/119.0.0.0 Mobile Safari/537.36",
    },
    "tablet": {
        "iPad": "Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1",
        "Chrome on a Galaxy Tab": f"Mozilla/5.0 (Linux; Android 13; SM-X906C) {WEBKIT} Chrome/119.0.0.0 Safari/537.36",
        "Chrome on some Android tablet": f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/130.0.0.0 Safari/537.36",
        "Firefox on an Android tablet": "Mozilla/5.0 (Android 13; Tablet; rv:132.0) Gecko/132.0 Firefox/132.0",
        "Silk on Kindle Fire": f"Mozilla/5.0 (Linux; Android 9; KFTRWI) {WEBKIT} Silk/108.4.6 like Chrome/108.0.5359.220 Safari/537.36",
        "Nexus 7": f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 7 Build/MOB30X) {WEBKIT} Chrome/119.0.0.0 Safari/537.36",
    },
    "tv": {
        "Samsung Tizen": "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36",
        "LG webOS": f"Mozilla/5.0 (Web0S; Linux/SmartTV) {WEBKIT} Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
        "Android TV": f"Mozilla/5.0 (Linux; Android 11; BRAVIA 4K UR2) {WEBKIT} Chrome/99.0.4844.88 Safari/537.36",
        "Fire TV stick": f"Mozilla/5.0 (Linux; Android 7.1.2; AFTMM) {WEBKIT} Silk/108.4.6 like Chrome/108.0.5359.220 Safari/537.36",
        "Fire TV": f"Mozilla/5.0 (Linux; Android 9; AFTWMST22 Build/PS7273) {WEBKIT} Chrome/96.0.4664.104 Mobile Safari/537.36",
        "Chromecast": f"Mozilla/5.0 (X11; Linux aarch64) {WEBKIT} Chrome/106.0.5249.119 Safari/537.36 CrKey/1.56.500000",
        "HbbTV": "HbbTV/1.4.1 (+DRM;Samsung;SmartTV2021:UAU9000;T-KSU2EDEUC-1453.5;KantSU2e;urn:samsungtv:familyname:21_KANTSU2E_UHD_BASIC:2021;)",
        "Roku": "Roku4640X/DVP-7.70 (297.70E04154A)",
    },
    "other": {
        "PlayStation 5": "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15",
        "Xbox": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) {WEBKIT} Chrome/110.0.0.0 Safari/537.36 Edge/44.18363.8131",
        "Nintendo Switch": "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2.22.5 NintendoBrowser/5.1.0.23335",
        "New Nintendo 3DS": "Mozilla/5.0 (New Nintendo 3DS like iPhone) AppleWebKit/536.30 (KHTML, like Gecko) NX/3.0.0.5.23 Mobile NintendoBrowser/1.12.10178.EU",
        "nothing known": "Gopher/1.0",
    },
}
