# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client of the Lambda API, written from AWS's description of Signature Version 4 and of the
API, with nothing of coldprof in it: the judge of what is there, and the third party that changes it.
"""
import datetime
import hashlib
import hmac
import http.client
import json
import urllib.parse

from fixtures import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN

UNRESERVED = "-_.~"


def _mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign(method, path, query, headers, body, *, key_id, secret, region, service, date):
    """The Authorization header. `path` as sent; `query` sorted and escaped; `headers` in lower case."""
    names = ";".join(sorted(headers))
    canonical = "\n".join([method, urllib.parse.quote(path, safe="/" + UNRESERVED), query,
                           *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names,
                           hashlib.sha256(body).hexdigest()])
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for word in (date[:8], region, service, "aws4_request"):
        key = _mac(key, word)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"


class Refused(Exception):
    def __init__(self, status, error_type, message):
        super().__init__(f"{status} {error_type}: {message}")
        self.status, self.error_type = status, error_type


class Lambda:
    """One connection a call, so that threads can share it."""

    def __init__(self, port, region="us-east-1", key_id=ACCESS_KEY_ID, secret=SECRET_ACCESS_KEY, token=SESSION_TOKEN):
        self.host, self.region, self.key_id, self.secret, self.token = f"127.0.0.1:{port}", region, key_id, secret, token

    def call(self, method, path, body=None, **query):
        payload = b"" if body is None else json.dumps(body).encode()
        wire_path = urllib.parse.quote(path, safe="/" + UNRESERVED)
        wire_query = urllib.parse.urlencode(sorted(query.items()), quote_via=urllib.parse.quote, safe=UNRESERVED)
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": self.host, "x-amz-date": date}
        if self.token:
            headers["x-amz-security-token"] = self.token
        headers["authorization"] = sign(method, wire_path, wire_query, headers, payload, key_id=self.key_id, secret=self.secret,
                                        region=self.region, service="lambda", date=date)
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, wire_path + ("?" + wire_query if wire_query else ""), payload or None, headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        answer = json.loads(text) if text else {}
        if response.status >= 300:
            raise Refused(response.status, response.headers.get("x-amzn-ErrorType", ""), answer.get("message") or answer.get("Message"))
        return answer

    def pages(self, path, items, **query):
        found, marker = [], None
        while True:
            page = self.call("GET", path, **query, **({"Marker": marker} if marker else {}))
            found += page[items]
            marker = page.get("NextMarker")
            if not marker:
                return found

    def functions(self):
        return self.pages("/2015-03-31/functions/", "Functions")

    def configuration(self, name):
        return self.call("GET", f"/2015-03-31/functions/{name}/configuration")

    def versions(self, name):
        return self.pages(f"/2015-03-31/functions/{name}/versions", "Versions")

    def aliases(self, name):
        return self.pages(f"/2015-03-31/functions/{name}/aliases", "Aliases")

    def update(self, name, **settings):
        return self.settle(name, lambda: self.call("PUT", f"/2015-03-31/functions/{name}/configuration", settings))

    def update_code(self, name, zip_base64):
        return self.settle(name, lambda: self.call("PUT", f"/2015-03-31/functions/{name}/code", {"ZipFile": zip_base64}))

    def publish(self, name, description):
        return self.settle(name, lambda: self.call("POST", f"/2015-03-31/functions/{name}/versions", {"Description": description}))

    def create_alias(self, name, alias, version):
        return self.call("POST", f"/2015-03-31/functions/{name}/aliases", {"Name": alias, "FunctionVersion": version})

    def reserve(self, name, n):
        return self.call("PUT", f"/2017-10-31/functions/{name}/concurrency", {"ReservedConcurrentExecutions": n})

    def settle(self, name, change):
        """Changes as AWS lets one: not while an update is in progress. Back when it is done."""
        for _ in range(2000):
            try:
                answer = change()
                break
            except Refused as refused:
                if refused.status != 409 or "update is in progress" not in str(refused):
                    raise
        else:
            raise TimeoutError(f"{name}: an update stays in progress")
        while self.configuration(name).get("LastUpdateStatus") == "InProgress":
            pass
        return answer
