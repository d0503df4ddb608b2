# SPDX-License-Identifier: MIT
import unittest
from typing import Any

from labhost import exitcost
from labhost.errors import LabError

FLOOR, PAIR = 60.0, 140.0


def line(attached: str, ticks: float, modules: str = "stock", kind: str = "ours", times: bool = False) -> dict[str, Any]:
    return {
        "attached": attached,
        "kind": kind,
        "times": times,
        "what": attached,
        "modules": modules,
        "paging": "ept",
        "exit": "cpuid",
        "ticks_per_exit": [ticks],
        "alike": True,
    }


def lines(counts: float = 132.0, histogram: float = 336.0, peer: float = 200.0, off: float = 12.0) -> list[dict[str, Any]]:
    return [
        line("nothing", 1000, kind="bare"),
        line("floor", 1000 + FLOOR, kind="floor"),
        line("floor_pair", 1000 + PAIR, kind="floor", times=True),
        line("counts", 1000 + counts),
        line("counts_histogram", 1000 + histogram, times=True),
        line("perf_stat", 1000 + peer, kind="peer"),
        line("nothing", 1000 + off, "patched"),
        line("nothing", 1000 + 50, "patched_cycles"),
        line("counts_histogram", 1400, "patched_cycles", times=True),
        line("counts", 1000 + off + 150, "patched"),
        line("counts_histogram", 1000 + off + 350, "patched", times=True),
    ]


def missed(given: list[dict[str, Any]]) -> list[str]:
    return [text for text, holds in exitcost.conditions(exitcost.tables(given)).items() if not holds]


class ExitCost(unittest.TestCase):
    def test_added_and_ratio(self) -> None:
        table = exitcost.tables(lines())[0]
        self.assertEqual(1000, table.bare)
        self.assertEqual((132, 2.2), (table.row("counts").added, table.row("counts").ratio))
        self.assertEqual(2.4, table.row("counts_histogram").ratio, "of what times, the pair is the floor")
        self.assertEqual(12, table.row("patch_cycles_off").added)
        self.assertEqual(150, table.row("counts_patched").added, "over the patch alone")

    def test_what_a_guest_waits_with_everything_on(self) -> None:
        table = exitcost.tables(lines())[0]
        self.assertEqual({"instructions": 1400, "ratio": 1.4}, table.json()["everything"])
        self.assertIn("1,400 for an exit: 1.400 times bare", table.text())

    def test_reads_of_the_leaf(self) -> None:
        reads = [{**line("nothing", 1000 + more, "patched"), "exit": f"leaf-{scope}"} for scope, more in (("vcpu", 20), ("vm", 32), ("cpu", 22), ("host", 52))]
        self.assertEqual(
            [{"paging": "ept", "cpuid": 1012, "added": {"leaf-vcpu": 8, "leaf-vm": 20, "leaf-cpu": 10, "leaf-host": 40}}], exitcost.leaf_reads(lines() + reads)
        )
        self.assertEqual(["cpuid"], [table.exit for table in exitcost.tables(lines() + reads)], "they are no kind of exit")
        self.assertEqual([], exitcost.leaf_reads(lines()))

    def test_median_and_spread_of_the_runs(self) -> None:
        again = [{**each, "ticks_per_exit": [each["ticks_per_exit"][0] + 3]} for each in lines() if each["attached"] == "counts"]
        row = exitcost.tables(lines() + again)[0].row("counts")
        self.assertEqual((133.5, 3), (row.added, row.spread))

    def test_every_target(self) -> None:
        self.assertEqual([], missed(lines()))
        self.assertEqual(["counts: at most 2.2 times floor"], missed(lines(counts=133)))
        self.assertEqual(["counts_histogram: at most 2.4 times floor_pair"], missed(lines(histogram=337)))
        self.assertEqual(["patch_cycles_off: at most 12 instructions"], missed(lines(off=13)))
        self.assertEqual(["perf_stat is dearer than counts"], missed(lines(peer=132)))

    def test_the_patch_has_its_target_for_every_steady_kind_of_exit(self) -> None:
        def other(kind: str, off: float) -> list[dict[str, Any]]:
            return [{**each, "exit": kind} for each in lines(off=off)]

        self.assertEqual([], missed(lines() + other("io", 12.4) + other("page", 50)))
        self.assertEqual(["patch_cycles_off: at most 12 instructions"], missed(lines() + other("io", 13)))

    def test_a_kernel_line_without_a_series(self) -> None:
        given = [each for each in lines() if each["modules"] == "stock"]
        self.assertEqual([], missed(given))
        self.assertEqual(["counts: at most 2.2 times floor"], missed([line("counts", 1133) if each["attached"] == "counts" else each for each in given]))

    def recorded(self, given: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        made = exitcost.tables(given or lines())
        return {"conditions": exitcost.conditions(made), "tables": [table.json() for table in made]}

    def worse(self, given: list[dict[str, Any]], recorded: dict[str, Any]) -> list[str]:
        made = exitcost.tables(given)
        return exitcost.worse(made, exitcost.conditions(made), recorded)

    def test_peers_may_be_left_out_and_nothing_else(self) -> None:
        recorded = self.recorded()
        self.assertEqual([], self.worse([each for each in lines() if each["kind"] != "peer"], recorded))
        self.assertEqual(["not true: perf_stat is dearer than counts"], self.worse(lines(peer=132), recorded))
        self.assertIn("not true: patch_cycles_off: at most 12 instructions", self.worse([each for each in lines() if each["modules"] == "stock"], recorded))

    def test_reads_of_the_leaf_without_a_cpuid_to_compare(self) -> None:
        self.assertEqual([], exitcost.leaf_reads([line("nothing", 1020, "patched") | {"exit": "leaf-vcpu"}]))

    def test_a_record_of_something_else_is_refused(self) -> None:
        recorded = {"host": "intel", "kernel": "6.12", "exit": "cpuid"}
        self.assertEqual(recorded, exitcost.of_this_kind(recorded, "intel", "6.12", "cpuid"))
        for other in (("amd", "6.12", "cpuid"), ("intel", "6.1", "cpuid"), ("intel", "6.12", "io")):
            with self.assertRaisesRegex(LabError, "recorded on intel with 6.12 for cpuid exits"):
                exitcost.of_this_kind(recorded, *other)

    def test_growth(self) -> None:
        recorded = self.recorded(lines(counts=120))
        self.assertEqual([], self.worse(lines(counts=123), recorded))
        said = self.worse(lines(counts=126), recorded)
        self.assertEqual(["counts, cpuid exits, ept paging: 2.100 times what the empty program adds; recorded 2.000"], said)

    def test_what_was_disturbed_proves_nothing(self) -> None:
        said = "counts, cpuid exits, ept paging: something disturbed it, no two of twenty runs were alike"
        for thing in ("counts", "floor"):
            given = lines()
            next(each for each in given if each["attached"] == thing)["alike"] = False
            self.assertIn(said, self.worse(given, self.recorded()), thing)

    def test_a_target_that_is_missed_whatever_was_recorded(self) -> None:
        self.assertEqual(["not true: counts: at most 2.2 times floor"], self.worse(lines(counts=140), self.recorded(lines(counts=140))))

    def test_a_target_that_was_met(self) -> None:
        self.assertEqual(["not true: patch_cycles_off: at most 12 instructions"], self.worse(lines(off=13), self.recorded()))

    def test_a_row_that_is_gone(self) -> None:
        recorded = self.recorded()
        recorded["tables"][0]["rows"].append({"name": "counts_by_magic", "kind": "ours", "ratio": 1.0})
        self.assertEqual(["counts_by_magic, cpuid exits, ept paging: not measured; recorded 1.000"], self.worse(lines(), recorded))

    def test_exits_that_were_not_to_be_measured(self) -> None:
        recorded = self.recorded()
        recorded["tables"] += [recorded["tables"][0] | {"exit": "io"}, recorded["tables"][0] | {"exit": "page"}]
        made = exitcost.tables(lines())
        held = exitcost.conditions(made)
        self.assertEqual([], exitcost.worse(made, held, recorded, ("cpuid",)))
        self.assertTrue(exitcost.worse(made, held, recorded, ("cpuid", "io")))
        self.assertEqual([], exitcost.worse(made, held, recorded, ("cpuid", "page")), "shown, not compared")


if __name__ == "__main__":
    unittest.main()
