/**
 * Remembers the answers of a pure function of one text, up to a bound: the calendar is asked the same few days thousands of times a
 * second. Forgetting all at once keeps it simple; the answers are the same with and without.
 */
export const remembered = <Answer>(answer: (key: string) => Answer, most = 4_096): ((key: string) => Answer) => {
  const known = new Map<string, Answer>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined || known.has(key)) return found as Answer;
    if (known.size >= most) known.clear();
    const made = answer(key);
    known.set(key, made);
    return made;
  };
};
