"""What a running service does: where it listens, and what it answers."""

import hashlib
import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import time
from typing import Any

LISTEN = "0A"
LARGEST = 200000


def address(text: str) -> "tuple[str, int]":
    """An address of /proc/net/tcp: hexadecimal words in the machine's own byte order."""
    host, _, port = text.partition(":")
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, packed), int(port, 16)


def listening() -> "list[tuple[str, int]]":
    found = set()
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(name) as file:
                lines = file.read().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if words[3] == LISTEN:
                found.add(address(words[1]))
    return sorted(found)


def settled(ports: "list[int]", limit: float, calm: float) -> "tuple[list[tuple[str, int]], float]":
    """The listening addresses, once the expected ones are there and nothing has changed for a while."""
    begun = changed = time.monotonic()
    before = listening()
    while time.monotonic() - begun < limit:
        time.sleep(0.1)
        now = listening()
        if now != before:
            before, changed = now, time.monotonic()
        is_there = not set(ports) - {port for _, port in now} if ports else bool(now)
        if is_there and time.monotonic() - changed >= calm:
            break
    return before, changed - begun


def ask(host: str, port: int, route: str) -> "dict[str, object]":
    place = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}.get(host, host)
    connection = http.client.HTTPConnection(place, port, timeout=10)
    try:
        connection.request("GET", route, headers={"Host": "localhost", "Accept": "*/*"})
        answer = connection.getresponse()
        body = answer.read(LARGEST)
        kind = (answer.getheader("Content-Type") or "").lower()
        is_text = not body or b"\0" not in body[:1000]
        text = body.decode("utf-8", "replace") if is_text else "sha256 " + hashlib.sha256(body).hexdigest()
        return {"status": answer.status, "type": kind, "place": answer.getheader("Location") or "", "body": text}
    except (OSError, http.client.HTTPException) as error:
        return {"error": type(error).__name__}
    finally:
        connection.close()


def probed(test: "list[str]", limit: float) -> "list[object]":
    """The exit code of a health check and the end of what it wrote."""
    words = test[1:] if test[0] == "CMD" else ["/bin/sh", "-c", test[1]]
    try:
        running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        return [127, str(error)]
    try:
        out, _ = running.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        running.kill()
        running.communicate()
        return [124, f"no end within {limit:.0f} s"]
    return [running.returncode, out.decode("utf-8", "replace")[-500:]]


def answer(question: "dict[str, Any]") -> "dict[str, object]":
    found, seconds = settled(question["ports"], question["limit"], question["calm"])
    answers = {}
    for host, port in found:
        if port >= question["ephemeral"] and port not in question["ports"]:
            continue
        for route in question["routes"]:
            answers[f"{port}{route}"] = [ask(host, port, route) for _ in range(2)]
    health = probed(question["health"], question["health_limit"]) if question["health"] else None
    return {"listening": found, "seconds": seconds, "answers": answers, "health": health, "uid": os.getuid()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer(json.loads(sys.argv[1]))))
