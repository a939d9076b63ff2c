import fc from "fast-check";
import { expect, test } from "vitest";
import { TimerHeap } from "../../src/kernel/timer-heap.ts";
import type { TimerRecord } from "../../src/ports/journal.ts";

const timer = (actor: string, id: string, deadline: number, armedAt = 1): TimerRecord => ({
  actor,
  id,
  deadline,
  event: {},
  armedAt,
});

const names = fc.constantFrom("a", "b", "c");
const operations = fc.array(
  fc.oneof(
    fc.record({ op: fc.constant("arm" as const), actor: names, id: names, deadline: fc.nat(20) }),
    fc.record({ op: fc.constant("cancel" as const), actor: names, id: names }),
    fc.record({ op: fc.constant("cancelAll" as const), actor: names }),
    fc.record({ op: fc.constant("hold" as const), deadline: fc.nat(20) }),
    fc.record({ op: fc.constant("open" as const) }),
    fc.record({ op: fc.constant("fire" as const), now: fc.nat(20) }),
  ),
  { maxLength: 200 },
);

/** The same, as slowly and plainly as can be. */
class Plain {
  timers: { timer: TimerRecord; held: boolean }[] = [];
  drop(which: (timer: TimerRecord) => boolean): void {
    this.timers = this.timers.filter((each) => !which(each.timer));
  }
  sorted(): TimerRecord[] {
    return this.timers
      .map((each) => each.timer)
      .sort((x, y) => x.deadline - y.deadline || (x.actor < y.actor ? -1 : x.actor > y.actor ? 1 : x.id < y.id ? -1 : 1));
  }
  due(now: number): TimerRecord | undefined {
    return this.sorted().find((each) => each.deadline <= now && this.timers.some(({ timer, held }) => timer === each && !held));
  }
}

test("the heap fires what a sorted list would, whatever was armed, replaced, cancelled or held", () => {
  fc.assert(
    fc.property(operations, (story) => {
      const heap = new TimerHeap();
      const plain = new Plain();
      for (const act of story) {
        switch (act.op) {
          case "arm": {
            const armed = timer(act.actor, act.id, act.deadline);
            heap.arm(armed);
            plain.drop((each) => each.actor === act.actor && each.id === act.id);
            plain.timers.push({ timer: armed, held: false });
            break;
          }
          case "cancel":
            heap.cancel(act.actor, act.id);
            plain.drop((each) => each.actor === act.actor && each.id === act.id);
            break;
          case "cancelAll":
            heap.cancelAll(act.actor);
            plain.drop((each) => each.actor === act.actor);
            break;
          case "hold":
            heap.hold((each) => each.deadline <= act.deadline);
            for (const each of plain.timers) if (each.timer.deadline <= act.deadline) each.held = true;
            break;
          case "open":
            heap.open();
            for (const each of plain.timers) each.held = false;
            break;
          case "fire": {
            const due = plain.due(act.now);
            expect(heap.due(act.now)).toEqual(due);
            if (due === undefined) break;
            expect(heap.take(due.actor, due.id)).toEqual(due);
            plain.drop((each) => each === due);
          }
        }
        expect(heap.records()).toEqual(plain.sorted());
        expect(heap.size).toBe(plain.timers.length);
      }
    }),
  );
});
