# SPDX-License-Identifier: MIT
import unittest

from labhost.protocol import ControlParser, Event, MarkedStream, WholeLines, end_mark, parse_facts


class Control(unittest.TestCase):
    def test_events_in_any_pieces(self) -> None:
        data = b"LAB abc ready cpus=1 flag=vmx\nLAB abc exit 42\nLAB abc done\n"
        for step in (1, 5, 100):
            parser = ControlParser("abc")
            events = [event for at in range(0, len(data), step) for event in parser.feed(data[at : at + step])]
            self.assertEqual([Event("ready", "cpus=1 flag=vmx"), Event("exit", "42"), Event("done", "")], events)

    def test_another_nonce_or_junk_is_nothing(self) -> None:
        parser = ControlParser("abc")
        self.assertEqual([], parser.feed(b"LAB abd exit 0\nexit 0\n\xff\xfe\n LAB abc exit 0\nLAB abcexit 0\n"))

    def test_an_unfinished_line_is_no_event(self) -> None:
        self.assertEqual([], ControlParser("abc").feed(b"LAB abc exit 4"))

    def test_facts(self) -> None:
        self.assertEqual({"cpus": "2", "kernel": "6.1"}, parse_facts("cpus=2 kernel=6.1 stray"))


class Stream(unittest.TestCase):
    def passed_on(self, data: bytes, step: int) -> tuple[bytes, bool]:
        stream = MarkedStream(end_mark("abc"))
        out = b"".join(stream.feed(data[at : at + step]) for at in range(0, len(data), step))
        return out, stream.ended

    def test_every_byte_before_the_mark_and_none_after(self) -> None:
        every_byte = bytes(range(256))
        for content in (b"", b"N\n", b"no newline", every_byte, b"LAB-END-ab", b"LAB-END-abd\n", b"LLAB-LAB-END-"):
            for step in (1, 3, 1000):
                with self.subTest(content=content, step=step):
                    self.assertEqual((content, True), self.passed_on(content + end_mark("abc") + b"late", step))

    def test_what_cannot_be_the_mark_comes_at_once(self) -> None:
        stream = MarkedStream(end_mark("abc"))
        self.assertEqual(b"progress 1\n", stream.feed(b"progress 1\n"))
        self.assertEqual(b"x", stream.feed(b"xLAB-"))
        self.assertEqual(b"LAB-y", stream.feed(b"y"))

    def test_a_stream_that_breaks_off_loses_nothing(self) -> None:
        stream = MarkedStream(end_mark("abc"))
        self.assertEqual(b"", stream.feed(b"LAB-END"))
        self.assertEqual(b"LAB-END", stream.flush())
        self.assertFalse(stream.ended)


class Lines(unittest.TestCase):
    def test_whole_lines_at_once_and_the_rest_held(self) -> None:
        lines = WholeLines()
        self.assertEqual(b"one\ntwo\n", lines.feed(b"one\ntwo\nthr", 10.0))
        self.assertEqual(b"", lines.feed(b"", 10.4))
        self.assertEqual(b"three\n", lines.feed(b"ee\n", 10.4))

    def test_an_unfinished_line_waits_half_a_second(self) -> None:
        lines = WholeLines()
        self.assertEqual(b"", lines.feed(b"name? ", 10.0))
        self.assertEqual(b"name? ", lines.feed(b"", 10.6))

    def test_a_stream_that_breaks_off_loses_nothing(self) -> None:
        lines = WholeLines()
        self.assertEqual(b"", lines.feed(b"half", 10.0))
        self.assertEqual(b"half", lines.flush())
        self.assertEqual(b"", lines.flush())
