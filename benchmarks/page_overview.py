"""How soon a browser draws the overview of a long chain, and how smoothly it moves."""

import time
from collections.abc import Iterator

from benchmarks.chromium import Member
from benchmarks.table import Row, Verdict

FRAMES = 60
PATIENCE_SECONDS = 60
MAX_DRAWN = 150
# Seconds until it is drawn, and frames a second while it moves: what it must reach, and what is
# better. At the length at which chains are cut, it must stay usable.
LONG, LONGEST = ((1.0, 20), (0.5, 40)), ((3.0, 5), (1.0, 20))

# When the first dot is drawn: a square, or another shape that is filled.
_NOTE_DRAWN = """
for (const name of ["fillRect", "fill"]) {
  const draw = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...shape) {
    if (!window.drawn) {
      window.drawn = -1;
      // After the paint.
      requestAnimationFrame(() => setTimeout(() => { window.drawn = performance.now(); }));
    }
    return draw.apply(this, shape);
  };
}
"""
_DRAWN = """() => {
  const [asked] = performance.getEntriesByType('resource')
    .filter(({name}) => name.endsWith('/chain/overview'));
  return window.drawn > 0 ? window.drawn - asked.startTime : 0;
}"""
# Each frame moves it by some pixels more, there and back again.
_PAN = """async ([selector, frames]) => {
  const plane = document.querySelector(selector);
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  const started = performance.now();
  for (let i = 0; i < frames; i++) {
    plane.dispatchEvent(new WheelEvent('wheel', {deltaX: i % 20 < 10 ? 24 : -24, bubbles: true}));
    await frame();
  }
  return 1000 * frames / (performance.now() - started);
}"""
_POLL_MS = 10


def looking(member: Member, number: int, length: int, *, is_longest: bool) -> Iterator[Row]:
    """Measure overview and map of the chain of an order. It has `length` orders."""
    (most, least), (good, smooth) = LONGEST if is_longest else LONG
    address = f"{member.home}/orders/{number}/chain"
    with member.signed_in() as context:
        context.add_init_script(_NOTE_DRAWN)
        page = context.new_page()
        page.goto(f"{address}?view=overview")
        # Otherwise it would be another chain than the row says.
        page.get_by_role("img", name=f"Overview of {length:,} orders", exact=True).wait_for()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (drawn := page.evaluate(_DRAWN)) and time.monotonic() < deadline:
            page.wait_for_timeout(_POLL_MS)
        seconds = drawn / 1000 if drawn else float("inf")
        whole = page.evaluate(_PAN, [".chain-overview", FRAMES])
        page.get_by_role("button", name="Go to #").click()
        near = page.evaluate(_PAN, [".chain-overview", FRAMES])
        slowest = min(whole, near)
        yield Row(
            f"browser: overview of {length:,} orders",
            verdicts=[
                Verdict(f"drawn <= {most} s (better {good}): {seconds:.2f}", seconds <= most),
                Verdict(
                    f"moves >= {least} fps (better {smooth}): {whole:.0f}, near {near:.0f}",
                    slowest >= least,
                ),
            ],
        )
        page.goto(f"{address}?view=map")
        page.wait_for_load_state("networkidle")
        drawn_nodes = page.locator(".chain-node").count()
        moves = page.evaluate(_PAN, [".chain-view", FRAMES])
        yield Row(
            f"browser: map of {length:,} orders",
            verdicts=[
                Verdict(f"1 to {MAX_DRAWN} nodes: {drawn_nodes}", 0 < drawn_nodes <= MAX_DRAWN),
                Verdict(f"moves >= {least} fps (better {smooth}): {moves:.0f}", moves >= least),
            ],
        )
