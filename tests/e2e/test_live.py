# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicted and observed: generated traffic replayed against real processes (tests/program/live.py)."""
import unittest

import live
from program import Case


class Live(Case):
    plan, seconds, traffics = live.SHORT, 10, [live.BURSTS._replace(per_s=4)]
    # of some forty requests p95 is the second slowest; and durations are those of a busy machine
    tells_times = False

    def test_the_service_shows_what_the_model_predicts(self):
        check = live.Check(self.env, self.tmp, self.plan)
        for traffic in self.traffics:
            decided = check.decide(traffic)
            self.assertGreater(decided["n"], 0, decided)
            rows = list(check.rows(traffic, decided["memory_mb"], [0, decided["n"]], self.seconds, 1))
            judged = rows if self.tells_times else [rows[0], rows[3]]
            self.assertEqual([row for row in judged if not row.is_within], [])
            on_demand, provisioned = rows[:3], rows[3:]
            # what was bought: cold starts gone from the tail, for more GB-seconds
            self.assertLess(provisioned[0].observed, on_demand[0].observed / 2)
            if self.tells_times:
                self.assertGreater(on_demand[1].observed, live.BUDGET_MS)
                self.assertLess(provisioned[1].observed, live.BUDGET_MS)
            self.assertGreater(provisioned[2].observed, on_demand[2].observed)
        self.assert_nothing_left()


class LiveSlow(Live):
    plan, seconds, traffics = live.FULL, 120, [live.EVEN, live.BURSTS]
    tells_times = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
