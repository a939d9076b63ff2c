/** The last sentences of the story, newest first, and the voice that reads the important ones to a screen reader. */
import { byId, h, nothingYet, show } from "./element.js";

const SPOKEN_EVERY_MS = 3_000;
let spokenAt = 0;
let spokenSeq = 0;

const speak = (sentences) => {
  const said = sentences.findLast(({ tone, seq }) => tone !== "plain" && seq > spokenSeq);
  if (said === undefined || performance.now() - spokenAt < SPOKEN_EVERY_MS) return;
  spokenAt = performance.now();
  spokenSeq = said.seq;
  byId("spoken").textContent = said.text;
};

export const showStory = (sentences) => {
  if (sentences.length === 0) {
    show(
      byId("story"),
      nothingYet(
        "Nothing has happened yet. Each mode change, entry, denial, fill, breaker trip and exit will be a sentence here.",
      ),
    );
    return;
  }
  const newestFirst = sentences
    .map((sentence, index) => ({
      ...sentence,
      key: `${sentence.seq} ${sentences.findIndex(({ seq }) => seq === sentence.seq) - index}`,
    }))
    .toReversed();
  show(
    byId("story"),
    h(
      "ol",
      { class: "story", tabindex: "0", "aria-label": "Sentences, newest first" },
      ...newestFirst.map(({ clock, text, tone, about, key }) => {
        const cut = text.indexOf(" ");
        return h(
          "li",
          { class: `${tone} about-${about}`, "data-key": key },
          h("time", {}, clock),
          h("span", {}, h("b", {}, text.slice(0, cut)), text.slice(cut)),
        );
      }),
    ),
  );
  speak(sentences);
};
