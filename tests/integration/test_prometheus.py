"""Backups of a real Prometheus, and what a restored one answers."""
import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from daemon_fixture import DaemonTest, wait_for
from peers.holding_proxy import HoldingProxy
from peers.prometheus import Prometheus, list_blocks


class TestPrometheus(DaemonTest):
    def setUp(self):
        super().setUp()
        self.prometheus = self.new_prometheus("prometheus")

    def new_prometheus(self, name, **options):
        server = Prometheus(self.folder / name, **options)
        self.addCleanup(server.stop)
        return server

    def configure_target(self, url=None, **keys):
        target = {"type": "prometheus", "url": url or self.prometheus.url,
                  "data_dir": str(self.prometheus.data), **keys}
        self.configure(targets={"metrics": target},
                       jobs={"nightly": {"schedule": "0 0 1 1 *", "catch_up": False, "targets": ["metrics"],
                                         "store": "local"}})

    def manifest(self):
        return json.loads(sorted(self.backups.rglob("*.json"))[-1].read_text())

    def proxy(self):
        proxy = HoldingProxy(self.prometheus.port)
        self.addCleanup(proxy.stop)
        return proxy

    def make_it_long(self, megabytes=150):
        """A segment of chunks that takes a while to read; Prometheus looks at its first bytes only."""
        ulid = next(iter(list_blocks(self.prometheus.data)))
        with open(self.prometheus.data / ulid / "chunks" / "000002", "wb") as file:
            file.write(bytes.fromhex("85bd40dd01000000"))
            for _ in range(megabytes):
                file.write(os.urandom(1 << 20))

    # -- what is in a backup

    def test_a_restored_prometheus_answers_as_the_first_one(self):
        server = self.prometheus
        server.scrape = True
        server.add_blocks()
        server.start()
        now = server.wait_for_head()
        self.configure_target()
        self.start()
        run = self.run_job()
        self.assertEqual(server.snapshots(), [])

        restored = self.folder / "restored"
        self.ctl("restore", "nightly/metrics", "--to", restored)
        source = self.manifest()["source"]
        listed = list_blocks(restored)
        self.assertEqual(len(listed), 4)  # three and the head
        self.assertEqual({b["ulid"]: (b["samples"], b["chunks"], b["series"]) for b in source["blocks"]},
                         {u: (b["samples"], b["chunks"], b["series"]) for u, b in listed.items()})
        self.assertEqual(source["totals"]["bytes"], run["results"][0]["bytes_source"])
        self.assertEqual(source["totals"]["samples"], sum(b["samples"] for b in listed.values()))
        self.assertRegex(source["version"], r"^\d+\.\d+")
        self.assertFalse(source["skip_head"])

        copy = self.new_prometheus("second", data=restored)
        copy.start()
        first = server.first_sample
        for expression, at in (("m0", first + 600), ("sum by (host) (m0 + m1)", first + 15000),
                               ("count(m1)", first + 21590), ("prometheus_build_info", now), ("up", now)):
            answer = server.query(expression, at)
            self.assertTrue(answer, expression)
            self.assertEqual(copy.query(expression, at), answer, expression)
        for expression in ("m1", "sum(rate(m0[10m]))", "quantile_over_time(0.9, m0[30m])"):
            answer = server.query_range(expression, first, first + 21600)
            self.assertTrue(answer, expression)
            self.assertEqual(copy.query_range(expression, first, first + 21600), answer, expression)

    def test_skip_head_leaves_the_head_out(self):
        self.prometheus.scrape = True
        self.prometheus.add_blocks()
        self.prometheus.start().wait_for_head()
        self.configure_target(skip_head=True)
        self.start()
        self.run_job()
        blocks = {b["ulid"] for b in self.manifest()["source"]["blocks"]}
        self.assertEqual(blocks, set(list_blocks(self.prometheus.data)))
        self.assertEqual(self.prometheus.snapshots(), [])

    def test_a_damaged_block_is_kept_and_named(self):
        self.prometheus.add_blocks()
        ulid = sorted(list_blocks(self.prometheus.data))[1]
        chunks = self.prometheus.data / ulid / "chunks" / "000001"
        damaged = bytearray(chunks.read_bytes())
        damaged[len(damaged) // 2] ^= 0x10
        chunks.write_bytes(damaged)
        self.prometheus.start()
        self.configure_target()
        self.start()
        run = self.run_job(state="partial")
        warnings = self.manifest()["warnings"]
        self.assertEqual([w["path"] for w in warnings], [f"{ulid}/chunks/000001"])
        self.assertIn("is damaged at byte", warnings[0]["what"])
        self.assertIn(f"{ulid}/chunks/000001", run["error"] + self.log())
        self.ctl("restore", run["results"][0]["backup"], "--to", self.folder / "out")
        self.assertEqual((self.folder / "out" / ulid / "chunks" / "000001").read_bytes(), damaged)
        self.assertEqual(self.prometheus.snapshots(), [])

    # -- what may be wrong

    def fails_with(self, *texts, limit=60):
        self.start()
        run = self.run_job(state="failed", limit=limit)
        for text in texts:
            self.assertIn(text, run["error"])
        self.assertEqual(self.prometheus.snapshots(), [])
        self.assertEqual(self.archives() + self.unfinished(), [])
        return run

    def test_a_snapshot_of_nothing_is_an_error(self):
        self.prometheus.start()
        self.configure_target()
        self.fails_with("there is no block in it", "no samples yet")

    def test_skip_head_without_a_whole_block_is_an_error(self):
        self.prometheus.scrape = True
        self.prometheus.start().wait_for_head()
        self.configure_target(skip_head=True)
        self.fails_with("with skip_head only whole 2-hour blocks are saved")

    def test_the_admin_api_is_off(self):
        self.prometheus.add_blocks()
        self.prometheus.start(admin=False)
        self.configure_target()
        self.fails_with("--web.enable-admin-api")

    def test_a_password_is_needed(self):
        self.prometheus.add_blocks()
        self.prometheus.protect_with_password()
        self.prometheus.start()
        self.configure_target()
        self.fails_with("HTTP 401", "set username and password")

    def test_a_wrong_password_is_refused_and_not_shown(self):
        self.prometheus.add_blocks()
        self.prometheus.protect_with_password()
        self.prometheus.start()
        self.extra_environment = {"PROMETHEUS_PASSWORD": "wrong-and-private"}
        self.configure_target(username="backup", password="${PROMETHEUS_PASSWORD}")
        self.fails_with("HTTP 401")
        self.assertNotIn("wrong-and-private", self.log())

    def test_a_password_is_used(self):
        self.prometheus.add_blocks()
        self.prometheus.protect_with_password()
        self.prometheus.start()
        self.extra_environment = {"PROMETHEUS_PASSWORD": "secret"}
        self.configure_target(username="backup", password="${PROMETHEUS_PASSWORD}")
        self.start()
        self.run_job()
        self.assertEqual(self.prometheus.snapshots(), [])

    def test_tls_needs_to_be_trusted(self):
        self.prometheus.add_blocks()
        authority = self.prometheus.protect_with_tls()
        self.prometheus.start()
        self.configure_target()
        self.fails_with("ca_file")
        self.stop()
        self.configure_target(ca_file=str(authority))
        self.start()
        self.run_job()
        self.assertEqual(self.prometheus.snapshots(), [])

    def test_nobody_listens(self):
        self.prometheus.add_blocks()
        self.prometheus.start()
        self.prometheus.stop()
        self.configure_target()
        self.fails_with("Connection refused", f"127.0.0.1:{self.prometheus.port}")

    def test_another_servers_data_dir(self):
        other = self.new_prometheus("other")
        other.add_blocks()
        other.start()
        self.prometheus.add_blocks()
        self.prometheus.start()
        self.configure_target(url=other.url)
        self.fails_with("is not there", f"the server says its data is in '{other.data}'", "set data_dir")
        self.assertEqual(len(other.snapshots()), 1)
        # Once the configuration is right, it is found and deleted.
        self.stop()
        self.configure_target(url=other.url, data_dir=str(other.data))
        self.start()
        wait_for(lambda: not other.snapshots(), "the snapshot's end")
        self.run_job()
        self.assertEqual(other.snapshots(), [])

    def test_without_the_right_to_delete_nothing_is_begun(self):
        self.prometheus.add_blocks()
        self.prometheus.start()
        self.prometheus.snapshot()
        foreign = self.prometheus.snapshots()
        for folder in (self.folder, self.folder / "prometheus"):
            folder.chmod(0o777)
        self.configure_target()
        self.notify.path.chmod(0o666)
        self.log_path.touch(0o666)
        self.start(prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
        run = self.run_job(state="failed")
        self.assertIn("Permission denied", run["error"])
        self.assertIn("give the service the right", run["error"])
        self.assertEqual(self.prometheus.snapshots(), foreign)

    # -- what must not stay

    def test_cancel_leaves_no_snapshot(self):
        self.prometheus.add_blocks()
        self.make_it_long()
        self.prometheus.start()
        self.configure_target()
        self.start()
        run = self.trigger()
        wait_for(lambda: self.describe(run)["progress"]["bytes_written"] > 0, "bytes in the store")
        self.assertEqual(len(self.prometheus.snapshots()), 1)
        self.call("CancelRun", "s", run)
        self.assertEqual(self.wait_run(run, limit=5)["state"], "cancelled")
        self.assertEqual(self.prometheus.snapshots(), [])
        self.assertEqual(self.archives() + self.unfinished(), [])

    def test_cancel_between_request_and_answer(self):
        self.prometheus.add_blocks()
        self.prometheus.start()
        foreign = self.prometheus.snapshot()
        proxy = self.proxy()
        self.configure_target(url=proxy.url)
        self.start()
        run = self.trigger()
        self.assertTrue(proxy.answered.wait(60))
        self.call("CancelRun", "s", run)
        self.assertEqual(self.wait_run(run, limit=5)["state"], "cancelled")
        self.assertEqual(len(self.prometheus.snapshots()), 2)
        proxy.release.set()
        self.run_job()  # deletes what the first one left, and its own
        self.assertEqual(self.prometheus.snapshots(), [foreign])

    def test_kill_9_while_archiving(self):
        self.prometheus.add_blocks()
        self.make_it_long()
        self.prometheus.start()
        foreign = self.prometheus.snapshot()
        self.configure_target()
        self.start()
        run = self.trigger()
        wait_for(lambda: self.describe(run)["progress"]["bytes_written"] > 0, "bytes in the store")
        self.stop(signal.SIGKILL)
        self.assertEqual(len(self.prometheus.snapshots()), 2)
        self.start()
        wait_for(lambda: self.prometheus.snapshots() == [foreign], "the snapshot's end")

    def test_kill_9_between_request_and_answer(self):
        self.prometheus.add_blocks()
        self.prometheus.start()
        foreign = self.prometheus.snapshot()
        proxy = self.proxy()
        self.configure_target(url=proxy.url)
        self.start()
        self.trigger()
        self.assertTrue(proxy.answered.wait(60))
        self.stop(signal.SIGKILL)
        self.assertEqual(len(self.prometheus.snapshots()), 2)
        self.start()
        wait_for(lambda: self.prometheus.snapshots() == [foreign], "the snapshot's end")

    def test_several_that_may_be_ours_are_not_touched(self):
        self.prometheus.add_blocks()
        self.prometheus.start()
        proxy = self.proxy()
        self.configure_target(url=proxy.url)
        self.start()
        self.trigger()
        self.assertTrue(proxy.answered.wait(60))
        self.stop(signal.SIGKILL)
        self.prometheus.snapshot()  # somebody else's, within the time of ours
        both = self.prometheus.snapshots()
        self.assertEqual(len(both), 2)
        self.start()
        wait_for(lambda: all(name in self.log() for name in both), "the message")
        self.assertIn("delete by hand those that nobody needs", self.log())
        proxy.release.set()
        self.run_job()
        self.assertEqual(self.prometheus.snapshots(), both)
