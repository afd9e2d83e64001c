# Reads cases, one a line: "request" or "response", a space, and bytes in hexadecimal. Says what h11 makes of each: "ok", "waits" for more, or
# "error: why", and after tabs each complete message.
import sys

import h11


def text(octets):
    return octets.decode("latin-1")


# Later ones are read as HTTP/1.1.
def minor(head):
    return min(1, int(text(head.http_version)[-1]))


def message(head, body):
    if isinstance(head, h11.Request):
        return f"{text(head.method)} {text(head.target)} {minor(head)} {body.hex()}"
    return f"{head.status_code} {minor(head)} {body.hex()}"


def asks_for_another_protocol(head):
    options = b",".join(value for name, value in head.headers if name == b"connection").lower()
    has = any(name == b"upgrade" for name, _ in head.headers)
    return head.method == b"CONNECT" or (has and b"upgrade" in options)


def requests(data):
    messages = []
    server = h11.Connection(h11.SERVER, max_incomplete_event_size=16 * 1024)
    try:
        server.receive_data(data)
        head, body = None, b""
        while True:
            event = server.next_event()
            if event is h11.NEED_DATA:
                begun = server.their_state is not h11.IDLE or server.trailing_data[0]
                return "waits" if begun else "ok", messages
            if isinstance(event, h11.ConnectionClosed):
                return "ok", messages
            if event is h11.PAUSED:
                return "ok", messages
            if isinstance(event, h11.Request):
                head, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                messages.append(message(head, body))
                if asks_for_another_protocol(head):
                    return "ok", messages
                server.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                server.send(h11.EndOfMessage())
                if server.our_state is not h11.DONE:
                    return "ok", messages
                server.start_next_cycle()
    except h11.RemoteProtocolError as e:
        return f"error: {e}", messages


def responses(data):
    messages = []
    client = h11.Connection(h11.CLIENT, max_incomplete_event_size=16 * 1024)
    try:
        client.send(h11.Request(method="GET", target="/", headers=[("host", "a")]))
        client.send(h11.EndOfMessage())
        client.receive_data(data)
        client.receive_data(b"")
        head, body = None, b""
        while True:
            event = client.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return "ok", messages
            if isinstance(event, h11.InformationalResponse):
                messages.append(message(event, b""))
            elif isinstance(event, h11.Response):
                head, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                messages.append(message(head, body))
                return "ok", messages
    except h11.RemoteProtocolError as e:
        return f"error: {e}", messages


for line in sys.stdin:
    kind, octets = line.split()
    read = requests if kind == "request" else responses
    status, messages = read(bytes.fromhex(octets))
    print("\t".join([status.replace("\t", " ").replace("\n", " ")] + messages), flush=False)
