"""Click ids: parameters that networks add to links, each of which tells whose link was followed."""

from typing import NamedTuple


class Click(NamedTuple):
    """What a click id tells: the source by name, and the medium that it stands for.

    An empty medium is that of a network which marks every link, not its ads alone; `also` are
    other sites of its own on which it shows ads.
    """

    source: str
    medium: str = ""
    also: frozenset[str] = frozenset()


GOOGLE = Click("Google", "cpc", frozenset({"YouTube", "Google Shopping"}))
FACEBOOK, INSTAGRAM = Click("Facebook"), Click("Instagram")
MAILCHIMP, HUBSPOT = Click("Mailchimp", "email"), Click("HubSpot Email", "email")
MAILERLITE, VERO, AWIN = Click("MailerLite", "email"), Click("Vero", "email"), Click("Awin", "affiliate")

CLICKS = {
    # search
    "gclid": GOOGLE,
    "gclsrc": GOOGLE,
    "gbraid": GOOGLE,
    "wbraid": GOOGLE,
    "gad_source": GOOGLE,
    "gad_campaignid": GOOGLE,
    "srsltid": Click("Google"),
    "msclkid": Click("Bing", "cpc"),
    "yclid": Click("Yandex", "cpc"),
    "ysclid": Click("Yandex"),
    "ymclid": Click("Yandex Market", "cpc"),
    "bd_vid": Click("Baidu", "cpc"),
    "sznclid": Click("Seznam", "cpc"),
    # social and video
    "fbclid": FACEBOOK,
    "igshid": INSTAGRAM,
    "igsh": INSTAGRAM,
    "epik": Click("Pinterest"),
    "twclid": Click("Twitter", "cpc"),
    "li_fat_id": Click("LinkedIn", "cpc"),
    "sccid": Click("Snapchat", "cpc"),
    "rdt_cid": Click("Reddit", "cpc"),
    "qclid": Click("Quora", "cpc"),
    "rb_clickid": Click("VKontakte", "cpc"),
    "ttclid": Click("TikTok", "cpc"),
    # display
    "dclid": Click("DoubleClick", "display"),
    "tblci": Click("Taboola", "cpc"),
    "dicbo": Click("Outbrain", "cpc"),
    # letters
    "mc_cid": MAILCHIMP,
    "mc_eid": MAILCHIMP,
    "_kx": Click("Klaviyo", "email"),
    "_hsenc": HUBSPOT,
    "_hsmi": HUBSPOT,
    "mkt_tok": Click("Marketo", "email"),
    "ml_subscriber": MAILERLITE,
    "ml_subscriber_hash": MAILERLITE,
    "ck_subscriber_id": Click("ConvertKit", "email"),
    "vero_id": VERO,
    "vero_conv": VERO,
    "dm_i": Click("Dotdigital", "email"),
    "elqtrackid": Click("Eloqua", "email"),
    # affiliates
    "awc": AWIN,
    "zanpid": AWIN,
    "cjevent": Click("CJ", "affiliate"),
    "irclickid": Click("Impact.com", "affiliate"),
    "ransiteid": Click("Rakuten Advertising", "affiliate"),
    "tduid": Click("Tradedoubler", "affiliate"),
}
"""By the parameter's name in lower case."""
