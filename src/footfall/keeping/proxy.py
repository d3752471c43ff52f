"""Whether the gateway learns the addresses of visitors."""

from prometheus_client.parser import text_string_to_metric_families

from footfall.keeping import request
from footfall.keeping.patient import Finding, Findings, Patient, several

MOST = 0.8
OFTEN = 0.01
SHARE = "footfall_private_share"
UNREADABLE = "footfall_address_unreadable_total"
ANSWERS = "footfall_answers_total"
TRUST = (
    "is your proxy trusted? name it by --trusted-proxy ADDRESS, and let it set X-Forwarded-For;"
    " until then all visitors with one browser are one, of no country"
)
NAMED = "see that the proxy passes the visitor's address on in X-Forwarded-For"


def addresses(patient: Patient) -> Findings:
    """Check whether most hits have one private address, and how many have none."""
    status, body = request.of_gateway(patient, "/metrics")
    if status != 200:
        return
    sums = _sums(body.decode("utf-8", "replace"))
    share, unreadable = sums.get(SHARE, 0.0), int(sums.get(UNREADABLE, 0))
    if share >= MOST:
        said = f"{share:.0%} of the latest hits came from one private address"
        yield Finding("addresses", said, TRUST)
    if unreadable:
        requests = several(unreadable, "request")
        said = f"{requests} came without one that can be read (address_unreadable)"
        often = unreadable >= OFTEN * sums.get(ANSWERS, 0.0)
        todo = NAMED if often else ""
        yield Finding("addresses", said, todo)


def _sums(text: str) -> dict[str, float]:
    """Return the values of metrics, added up over their labels."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found
