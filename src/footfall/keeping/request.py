"""Asking the processes of a data folder how they are."""

import http.client

from footfall.keeping.patient import Patient

SECONDS = 10.0
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def host(patient: Patient) -> str:
    """Return where the gateway is reached from this machine."""
    return ANY.get(patient.host, patient.host)


def of_gateway(patient: Patient, path: str) -> tuple[int, bytes]:
    """Return what the gateway answers, as `answer` does."""
    return answer(http.client.HTTPConnection(host(patient), patient.port, timeout=SECONDS), path)


def answer(connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    """Return status and body of an answer; 0 when there is none."""
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
