"""Serves FOLDER/HOST/PATH over HTTP and HTTPS, for every host that the certificate names."""
import http.server
import pathlib
import socketserver
import ssl
import sys
import threading
import urllib.parse

www, certificate = pathlib.Path(sys.argv[1]), sys.argv[2]


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def translate_path(self, path):
        host = self.headers.get("Host", "none").split(":")[0]
        return str(www / host / urllib.parse.unquote(path.split("?")[0]).lstrip("/"))

    def log_message(self, form, *values):
        print(self.headers.get("Host") if hasattr(self, "headers") else "-", form % values, flush=True)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


plain, secure = (Server(("127.0.0.1", port), Handler) for port in (80, 443))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
secure.socket = context.wrap_socket(secure.socket, server_side=True)
threading.Thread(target=plain.serve_forever, daemon=True).start()
print("READY", flush=True)
secure.serve_forever()
