"""Sends events to a Footfall server, from a server: `Client`, and `AsyncClient` for event loops.

    client = Client("https://stats.example.com", key)
    order = {"currency": "EUR", "amount": 49.9}
    client.track("https://example.com/checkout", "Order", revenue=order)

Needs nothing of Footfall but this package, and httpx.
"""

from footfall.client.asynchronous import AsyncClient
from footfall.client.synchronous import Client

__all__ = ["AsyncClient", "Client"]
