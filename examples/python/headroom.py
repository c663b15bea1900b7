"""A client of Headroom that is made from its own description: a method for each operation of /openapi.json.

Nothing but the standard library. An operation `getSession` is `headroom.get_session(id=…)`: parameters by their names
(`-` becomes `_`), the body as `body`. What the description does not name is refused before anything is sent.
"""

import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request


class Problem(Exception):
    """An answer of 400 or more: `status`, the stable `code`, and `errors` with the path of each field.

    Without any answer the status is 503, and the code `unreachable`.
    """

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.code = problem.get("code")
        self.errors = problem.get("errors", [])


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body) if self.body else None


class Headroom:
    def __init__(self, url, key):
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}
        description = self._send("GET", "/openapi.json", {}, None).json()
        for path, operations in description["paths"].items():
            for method, operation in operations.items():
                if "operationId" in operation:
                    setattr(self, _snake(operation["operationId"]), self._call(description, path, method, operation))

    def _call(self, description, path, method, operation):
        parameters = {}
        for given in operation.get("parameters", []):
            parameter = _resolved(description, given)
            parameters[parameter["name"].replace("-", "_").lower()] = parameter
        content = _resolved(description, operation.get("requestBody", {})).get("content", {})

        def call(body=None, media_type=next(iter(content), None), **arguments):
            unknown = [name for name in arguments if name.lower() not in parameters]
            if unknown or (body is not None and media_type not in content):
                raise TypeError(f"{operation['operationId']} does not take {unknown or media_type}")
            target, query, headers = path, {}, {}
            for name, value in arguments.items():
                parameter = parameters[name.lower()]
                if parameter["in"] == "path":
                    target = target.replace("{%s}" % parameter["name"], urllib.parse.quote(value, safe=""))
                elif parameter["in"] == "query":
                    query[parameter["name"]] = value
                else:
                    headers[parameter["name"]] = value
            if "{" in target:
                raise TypeError(f"{operation['operationId']} needs {target}")
            if body is not None:
                headers["Content-Type"] = media_type
                if not isinstance(body, bytes):
                    body = json.dumps(body).encode()
            search = "?" + urllib.parse.urlencode(query) if query else ""
            return self._send(method.upper(), target + search, headers, body)

        call.__doc__ = operation["summary"]
        return call

    def _send(self, method, target, headers, body):
        request = urllib.request.Request(self._url + target, body, {**self._headers, **headers}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Answer(response)
        except urllib.error.HTTPError as error:
            raise Problem(error.code, _problem(error)) from None
        # Refused, broken off or too slow: URLError and timeouts are OSErrors, half an answer is not.
        except (OSError, http.client.HTTPException) as error:
            raise Problem(503, {"code": "unreachable", "detail": f"{type(error).__name__}: {error}"}) from error


def _problem(error):
    """What the answer tells; a proxy's page, or half a body, tells nothing."""
    try:
        problem = json.loads(error.read())
        return problem if isinstance(problem, dict) else {}
    except (ValueError, OSError, http.client.HTTPException):
        return {}


def _resolved(description, value):
    if "$ref" not in value:
        return value
    for name in value["$ref"].removeprefix("#/").split("/"):
        description = description[name.replace("~1", "/").replace("~0", "~")]
    return description


def _snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
