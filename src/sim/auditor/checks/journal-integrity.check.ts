/**
 * S15. The journal on the disk is gapless, each record continues the one before it by its hash and matches its own, and what is
 * read back later is what was written.
 */
import { createHash } from "node:crypto";
import type { Check } from "../evidence.ts";

const SUM = /"sum":"([0-9a-f]{64})",/;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What is wrong with a record that should be `seq` and continue `prev`, or undefined; and its own sum. */
const judge = (text: string, seq: number, prev: string | undefined): { readonly wrong?: string; readonly sum: string } => {
  const match = SUM.exec(text);
  const sum = match?.[1] ?? "";
  if (match === null || sha256(text.replace(match[0], "")) !== sum)
    return { wrong: `record ${seq} does not match its checksum`, sum };
  if (!text.includes(`"seq":${seq},`)) return { wrong: `a record that is not ${seq} stands in its place`, sum };
  if (prev !== undefined && !text.includes(`"prev":"${prev}"`))
    return { wrong: `record ${seq} does not continue the one before it`, sum };
  return { sum };
};

export const journalIntegrity: Check = {
  name: "S15",
  law: "the journal is gapless, its hash chain is valid, and what is read is what was written",
  open: ({ held, violated }) => {
    let seq = 0;
    let head: string | undefined;
    return (evidence) => {
      if (evidence.kind === "record") {
        const { wrong, sum } = judge(evidence.text, ++seq, head);
        head = sum;
        if (wrong === undefined) held();
        else violated(wrong);
      } else if (evidence.kind === "journal") {
        let sum: string | undefined;
        let n = 0;
        for (const text of evidence.texts) {
          const judged = judge(text, ++n, sum);
          sum = judged.sum;
          if (judged.wrong !== undefined) return violated(`read back: ${judged.wrong}`);
        }
        if (n === seq && sum === head) held();
        else violated(`read back: the journal ends at ${n}, ${seq} records were durable`);
      }
    };
  },
};
