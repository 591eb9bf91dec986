"""Events, and receivers that misbehave."""
import base64
import hashlib
import hmac
import http.server
import json
import signal
import threading

from daemon_fixture import DaemonTest, wait_for

SECRET = "sesame-street-and-more"
TOKEN = "T0P-SECRET-PATH-TOKEN"


class Receiver:
    """An HTTP server that answers each request as the script says, then 200; keeps what it got."""

    def __init__(self, script=()):
        self.script = list(script)
        self.got = []  # (headers, body)
        self.let_go = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.answer(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/hooks/{TOKEN}?key={TOKEN}"

    def answer(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.got.append((dict(handler.headers.items()), body))
        what = self.script.pop(0) if self.script else 200
        if what == "hang":
            self.let_go.wait()
            what = "close"
        if what == "close":
            handler.close_connection = True
            return
        status, headers = what if isinstance(what, tuple) else (what, {})
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        text = f"you sent {TOKEN}".encode()
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def documents(self):
        return [json.loads(body) for _, body in list(self.got)]

    def kinds(self):
        return [document["event"] for document in self.documents()]

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class TestNotifications(DaemonTest):
    def receiver(self, script=()):
        receiver = Receiver(script)
        self.addCleanup(receiver.close)
        return receiver

    def set_up(self, receiver, **more):
        (self.source / "a").write_text("alpha\n")
        self.configure(jobs={"nightly": {"targets": ["files"], "notify": ["ops"]}},
                       notifiers={"ops": {"type": "webhook", "url": receiver.url, "secret": SECRET,
                                          "events": ["succeeded", "failed", "recovered", "interrupted"],
                                          **more}})
        self.config_path.chmod(0o600)

    def notifier(self):
        (notifier,) = self.ctl_json("notify", "list")
        return notifier

    def wait_for_delivery(self):
        wait_for(lambda: self.notifier()["pending"] == 0, "every delivery")

    def assert_nothing_leaked(self):
        for secret in (SECRET, TOKEN):
            self.assertNotIn(secret, self.log())
            self.assertNotIn(secret, self.ctl("notify", "list").stdout)
            self.assertNotIn(secret, self.ctl("status", "--json").stdout)

    def test_an_event_is_signed_and_says_what_happened(self):
        receiver = self.receiver()
        self.set_up(receiver)
        self.start()
        run = self.run_job()
        self.wait_for_delivery()
        ((headers, body),) = receiver.got
        document = json.loads(body)
        self.assertEqual(document["event"], "succeeded")
        self.assertEqual(document["run"]["id"], run["id"])
        self.assertEqual(document["run"]["results"][0]["backup"], run["results"][0]["backup"])
        self.assertEqual(headers["webhook-id"], document["id"])
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
        self.assertEqual(headers["webhook-signature"], "v1," + base64.b64encode(mac).decode())
        self.assert_nothing_leaked()

    def test_a_receiver_that_fails_gets_the_same_event_again(self):
        receiver = self.receiver([500, "close", (429, {"Retry-After": "1"})])
        self.set_up(receiver)
        self.start()
        self.run_job()
        self.wait_for_delivery()
        self.assertEqual(len(receiver.got), 4)
        self.assertEqual(len({body for _, body in receiver.got}), 1)
        self.assertEqual(len({headers["webhook-id"] for headers, _ in receiver.got}), 1)
        self.assertIn("500", self.log())
        self.assert_nothing_leaked()

    def test_events_come_in_order_and_survive_a_kill(self):
        receiver = self.receiver(["hang"])
        self.set_up(receiver, timeout="60s")
        self.start()
        first = self.run_job()
        wait_for(lambda: receiver.got, "the first attempt")
        (self.source / "a").unlink()
        self.source.rmdir()
        second = self.run_job(state="failed")
        self.assertEqual(self.notifier()["pending"], 2)
        status = self.ctl("status").stdout
        self.assertIn("Could not be told", status)
        self.assertIn("2 notifications not delivered yet", status)
        self.stop(signal.SIGKILL)
        self.start()
        self.wait_for_delivery()
        runs = [document["run"]["id"] for document in receiver.documents()]
        self.assertEqual(runs, [first["id"], first["id"], second["id"]])
        self.assertEqual(receiver.documents()[0], receiver.documents()[1])
        self.assertNotIn("Could not be told", self.ctl("status").stdout)
        self.source.mkdir()
        (self.source / "a").write_text("alpha\n")
        self.run_job()
        self.wait_for_delivery()
        self.assertEqual(receiver.kinds()[3:], ["succeeded", "recovered"])

    def test_a_run_killed_with_the_daemon_is_told_after_the_next_start(self):
        receiver = self.receiver()
        self.set_up(receiver)
        self.write_random("big", 200 << 20)
        self.start()
        run = self.trigger()
        wait_for(lambda: self.describe(run)["state"] == "running", "the run")
        self.stop(signal.SIGKILL)
        self.start()
        self.wait_for_delivery()
        self.assertIn("interrupted", receiver.kinds())
        self.assertEqual(receiver.documents()[0]["run"]["id"], run)

    def test_a_receiver_that_hangs_delays_neither_run_nor_stop(self):
        receiver = self.receiver(["hang"])
        self.set_up(receiver, timeout="5m")
        self.start()
        self.run_job()
        wait_for(lambda: receiver.got, "the first attempt")
        self.run_job()
        self.assertEqual(self.stop(limit=30), 0)
        self.assertFalse(receiver.let_go.is_set())

    def test_what_a_receiver_rejects_is_given_up_and_shown(self):
        receiver = self.receiver([410])
        self.set_up(receiver)
        self.start()
        self.run_job()
        self.wait_for_delivery()
        self.assertEqual(len(receiver.got), 1)
        self.assertEqual(self.notifier()["given_up"], 1)
        self.assertIn("1 notification given up", self.ctl("status").stdout)
        self.assertIn("410", self.ctl("notify", "list").stdout)
        self.assertIn("is given up", self.log())
        self.assert_nothing_leaked()

    def test_a_test_is_sent_and_its_answer_printed(self):
        receiver = self.receiver([200, 500, 404])
        self.set_up(receiver)
        self.start()
        self.assertIn("ops: delivered: 200", self.ctl("notify", "test", "ops").stdout)
        self.assertEqual(receiver.kinds(), ["test"])
        self.assertIn("500", self.ctl("notify", "test", "ops", check=1).stdout)
        answer = self.ctl_json("notify", "test", "ops", check=1)
        self.assertEqual((answer["notifier"], answer["outcome"]), ("ops", "rejected"))
        unknown = self.ctl("notify", "test", "opps", check=None)
        self.assertNotEqual(unknown.returncode, 0)
        self.assertIn("did you mean 'ops'?", unknown.stderr)
        self.assertIn("no such notifier", self.call("TestNotifier", "s", "x", check=1).stderr)
        self.assertEqual(self.ctl("notify", check=64).returncode, 64)
        self.assert_nothing_leaked()

    def test_one_run_without_a_daemon_tells_too(self):
        receiver = self.receiver([500])
        self.set_up(receiver)
        done = self.spawn("--run", "nightly")
        self.assertEqual(done.wait(60), 0)
        self.assertEqual(receiver.kinds(), ["succeeded", "succeeded"])
        self.start()
        self.assertEqual(self.notifier()["pending"], 0)
