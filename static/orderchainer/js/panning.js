// A plane under a window: people drag it, zoom it with Ctrl and the wheel or with two fingers, or press
// the buttons `[data-zoom]` beside it.

const LARGEST = 2.5;
const STEP = 1.4;
// A pointer that moved less has clicked.
const DRAG_FROM = 4;

/**
 * Let people move the plane that `element` shows. `size` returns width and height of the plane, and
 * `draw` shows the part that `view` names: its upper left corner, and how many pixels a unit has.
 */
export class Panning {
  constructor(element, { size, draw }) {
    this.element = element;
    this.size = size;
    this.draw = draw;
    this.view = { x: 0, y: 0, scale: 1 };
    this.pointers = new Map();
    const on = (name, run, options) => element.addEventListener(name, run.bind(this), options);
    on("wheel", this.wheel, { passive: false });
    on("pointerdown", this.press);
    on("pointermove", this.move);
    for (const name of ["pointerup", "pointercancel"]) on(name, this.release);
    on("click", this.click, true);
    // A link would be dragged away.
    on("dragstart", (event) => event.preventDefault());
    new ResizeObserver(() => this.show()).observe(element);
  }

  get box() {
    return this.element.getBoundingClientRect();
  }

  /** Show the whole plane, but not larger than it is. */
  fit() {
    const { width, height } = this.size();
    const scale = Math.min(1, this.box.width / width, this.box.height / height);
    this.show({ scale });
    this.center(width / 2, height / 2);
  }

  /** Tell how large the plane would be if all of it was shown. */
  get fitting() {
    const { width, height } = this.size();
    return Math.min(1, this.box.width / width, this.box.height / height);
  }

  /** Move this point into the middle. */
  center(x, y) {
    const { width, height } = this.box;
    const { scale } = this.view;
    this.show({ x: x - width / scale / 2, y: y - height / scale / 2 });
  }

  /** Move as little as it takes to show this rectangle. */
  reveal({ x, y, width, height }) {
    const { view, box } = this;
    const shift = (from, size, start, space) => {
      const margin = Math.min(24 / view.scale, Math.max(0, (space - size) / 2));
      if (from < start + margin) return from - margin;
      return Math.max(start, from + size + margin - space);
    };
    this.show({
      x: shift(x, width, view.x, box.width / view.scale),
      y: shift(y, height, view.y, box.height / view.scale),
    });
  }

  /** Zoom, and keep the point under the pointer, or the middle, where it is. */
  zoom(factor, { clientX, clientY } = {}) {
    const { box, view } = this;
    const scale = Math.max(Math.min(this.fitting, 1) / 2, Math.min(LARGEST, view.scale * factor));
    const left = (clientX ?? box.left + box.width / 2) - box.left;
    const top = (clientY ?? box.top + box.height / 2) - box.top;
    this.show({
      scale,
      x: view.x + left / view.scale - left / scale,
      y: view.y + top / view.scale - top / scale,
    });
  }

  show(changes = {}) {
    Object.assign(this.view, changes);
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw(this.view);
    });
  }

  /** Return the point of the plane under a pointer. */
  at({ clientX, clientY }) {
    const { view, box } = this;
    return {
      x: view.x + (clientX - box.left) / view.scale,
      y: view.y + (clientY - box.top) / view.scale,
    };
  }

  // The wheel alone scrolls the page, as everywhere. Touchpads send a pinch as the wheel with Ctrl.
  wheel(event) {
    const { deltaX, deltaY, ctrlKey, metaKey, shiftKey } = event;
    const sideways = shiftKey ? deltaY || deltaX : deltaX;
    if (ctrlKey || metaKey) this.zoom(Math.exp(-Math.max(-60, Math.min(60, deltaY)) / 160), event);
    else if (Math.abs(sideways) > Math.abs(shiftKey ? 0 : deltaY)) {
      this.show({ x: this.view.x + sideways / this.view.scale });
    } else return;
    event.preventDefault();
  }

  press(event) {
    if (event.button !== 0 || event.target.closest("button")) return;
    this.pointers.set(event.pointerId, event);
    this.moved = 0;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    this.moved += Math.abs(dx) + Math.abs(dy);
    if (this.moved < DRAG_FROM) return;
    this.element.setPointerCapture(event.pointerId);
    const { scale } = this.view;
    const count = this.pointers.size;
    const gap = this.gap();
    this.pointers.set(event.pointerId, event);
    this.show({ x: this.view.x - dx / scale / count, y: this.view.y - dy / scale / count });
    if (gap) this.zoom(this.gap() / gap, this.middle());
  }

  release(event) {
    this.pointers.delete(event.pointerId);
  }

  // The end of a drag is no click.
  click(event) {
    if (!(this.moved >= DRAG_FROM)) return;
    this.moved = 0;
    event.preventDefault();
    event.stopPropagation();
  }

  gap() {
    const [one, other] = [...this.pointers.values()];
    return other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0;
  }

  middle() {
    const [one, other] = [...this.pointers.values()];
    return {
      clientX: (one.clientX + other.clientX) / 2,
      clientY: (one.clientY + other.clientY) / 2,
    };
  }

  /** Do what a button `[data-zoom]` asks for. `goal` is the point of `Go to`. */
  pressed(button, goal) {
    const action = button.dataset.zoom;
    if (action === "in") this.zoom(STEP);
    if (action === "out") this.zoom(1 / STEP);
    if (action === "fit") this.fit();
    if (action === "go") {
      this.show({ scale: Math.max(this.view.scale, 0.9) });
      this.center(goal.x, goal.y);
    }
  }
}
