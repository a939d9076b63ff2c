/** What a machine hears: each of these events as the kernel delivers it, with the market time of its step. */
import type { Timed } from "../domain/events/actors.ts";

export type Heard<Event> = Event extends unknown ? Event & Timed : never;
