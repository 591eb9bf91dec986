"""An HTTP proxy that lets GET through and holds back the answer to a POST until it is told to go on."""
import http.client
import http.server
import threading


class HoldingProxy:
    def __init__(self, port):
        self.answered = threading.Event()  # the server has answered a POST
        self.release = threading.Event()   # the answer may go on
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def forward(self):
                server = http.client.HTTPConnection("127.0.0.1", port)
                server.request(self.command, self.path)
                answer = server.getresponse()
                body = answer.read()
                server.close()
                if self.command == "POST":
                    proxy.answered.set()
                    proxy.release.wait()
                try:
                    self.send_response(answer.status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # whoever asked has gone

            do_GET = do_POST = forward

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.release.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
