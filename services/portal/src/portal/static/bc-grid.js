/* sources 4acf35df031f900eea0ce5ec2947a3c99503138810f3b04ff6256545983f4bce */

// clipboard.ts
function readTable(text) {
  const rows = [];
  let row = [];
  let cell = "";
  let quoted = false;
  const source = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  for (let at = 0; at < source.length; at++) {
    const letter = source[at];
    if (quoted) {
      if (letter === '"' && source[at + 1] === '"') {
        cell += '"';
        at++;
      } else if (letter === '"') quoted = false;
      else cell += letter;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === "	") {
      row.push(cell);
      cell = "";
    } else if (letter === "\n") {
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else cell += letter;
  }
  if (cell !== "" || row.length > 0) rows.push([...row, cell]);
  return rows;
}
function writeTable(rows) {
  const one = (cell) => /[\t\n"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  return rows.map((row) => row.map(one).join("	")).join("\r\n");
}

// numbers.ts
var STATES = /* @__PURE__ */ new Set(["", "-", "x"]);
function read(typed) {
  let text = typed.normalize("NFC").replace(/[\s\u00a0]/g, "");
  if (STATES.has(text.toLowerCase())) return { kind: "ok", text: text.toLowerCase() };
  if (text.endsWith("%")) text = text.slice(0, -1);
  let sign = "";
  const negative = /^\((.+)\)$/.exec(text);
  if (negative) {
    sign = "-";
    text = negative[1] ?? "";
  } else if (text.startsWith("-")) {
    sign = "-";
    text = text.slice(1);
  }
  if (/^\d+$/.test(text)) return ok(sign, text, "");
  const grouped = /^(\d{1,3}(?:\.\d{3})+)(?:,(\d+))?$/.exec(text);
  if (grouped) {
    const whole = (grouped[1] ?? "").replaceAll(".", "");
    const found = ok(sign, whole, grouped[2] ?? "");
    const oneGroup = grouped[2] === void 0 && (grouped[1] ?? "").split(".").length === 2;
    return oneGroup ? { kind: "ambiguous", text: found.text } : found;
  }
  const plain = /^(\d+),(\d+)$/.exec(text);
  if (plain) return ok(sign, plain[1] ?? "", plain[2] ?? "");
  return { kind: "invalid" };
}
function show(text) {
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!found) return text === "-" ? "–" : text;
  const whole = (found[2] ?? "").replace(/\B(?=(\d{3})+(?!\d))/g, ".");
  return `${found[1] ?? ""}${whole}${found[3] ? `,${found[3]}` : ""}`;
}
function edit(text) {
  return text.replace(".", ",");
}
function ok(sign, whole, part) {
  const digits = whole.replace(/^0+(?=\d)/, "");
  const rest = part.replace(/0+$/, "");
  const text = rest ? `${digits}.${rest}` : digits;
  return { kind: "ok", text: text === "0" ? "0" : sign + text };
}

// bc-grid.ts
var PAUSE = 600;
var RETRY = 5e3;
var MARKS = {
  saving: "…",
  saved: "✓",
  local: "●",
  failed: "!",
  invalid: "✗",
  ambiguous: "?"
};
var SAYS = {
  saving: "Đang lưu…",
  saved: "Đã lưu mọi thay đổi",
  local: "Chưa gửi được; thay đổi được giữ trên máy này và sẽ lưu lại khi có mạng",
  stale: "Báo cáo đã được người khác sửa. Tải lại trang để đối chiếu; thay đổi của bạn vẫn được giữ",
  signedOut: "Phiên đăng nhập đã hết. Đăng nhập lại ở thẻ khác rồi quay lại; thay đổi vẫn được giữ"
};
var Grid = class extends HTMLElement {
  rows = [];
  at = [0, 0];
  anchor = [0, 0];
  input = null;
  waiting = {};
  notes = {};
  timer = 0;
  busy = false;
  done = [];
  undone = [];
  connectedCallback() {
    const lines = [...this.querySelectorAll("tbody tr")];
    this.rows = lines.map((line) => [
      ...line.querySelectorAll("td[data-cell]")
    ]);
    if (!this.hasAttribute("data-editable")) return;
    this.addEventListener("keydown", (event) => this.onKey(event));
    this.addEventListener("click", (event) => this.onClick(event));
    this.addEventListener("dblclick", () => this.beginEdit());
    this.addEventListener("paste", (event) => this.onPaste(event));
    this.addEventListener("copy", (event) => this.onCopy(event));
    this.addEventListener("cut", (event) => this.onCopy(event, true));
    this.addEventListener("change", (event) => this.onNote(event));
    window.addEventListener("online", () => this.save());
    for (const form of document.querySelectorAll(".hub-actions form"))
      form.addEventListener("submit", (event) => this.saveBefore(event, form));
    const first = this.rows.flat().find((cell) => this.isOpen(cell));
    if (first) this.at = this.anchor = this.place(first);
    this.cell(this.at)?.setAttribute("tabindex", "0");
    this.restore();
  }
  get kept() {
    return `bc-grid:${this.dataset.report}`;
  }
  cell([row, column]) {
    return this.rows[row]?.[column];
  }
  place(cell) {
    const row = this.rows.findIndex((line) => line.includes(cell));
    return [row, this.rows[row]?.indexOf(cell) ?? 0];
  }
  isOpen(cell) {
    return cell?.hasAttribute("data-open") ?? false;
  }
  go(to, extend = false) {
    const row = Math.min(Math.max(to[0], 0), this.rows.length - 1);
    const column = Math.min(Math.max(to[1], 0), (this.rows[row]?.length ?? 1) - 1);
    this.cell(this.at)?.setAttribute("tabindex", "-1");
    this.at = [row, column];
    if (!extend) this.anchor = this.at;
    const cell = this.cell(this.at);
    cell?.setAttribute("tabindex", "0");
    cell?.focus();
    this.paintRange();
  }
  next(step) {
    const all = this.rows.flat();
    const here = this.cell(this.at);
    let index = here ? all.indexOf(here) : -1;
    do
      index += step;
    while (index >= 0 && index < all.length && !this.isOpen(all[index]));
    const found = all[index];
    if (!found) return false;
    this.go(this.place(found));
    return true;
  }
  range() {
    const [top, bottom] = [this.anchor[0], this.at[0]].sort((a, b) => a - b);
    const [left, right] = [this.anchor[1], this.at[1]].sort((a, b) => a - b);
    return this.rows.slice(top, bottom + 1).map((line) => line.slice(left, right + 1));
  }
  paintRange() {
    for (const cell of this.querySelectorAll(".is-range")) cell.classList.remove("is-range");
    const range = this.range().flat();
    if (range.length > 1) for (const cell of range) cell.classList.add("is-range");
  }
  onClick(event) {
    const cell = event.target.closest("td[data-cell]");
    if (cell && !this.input?.parentElement?.isSameNode(cell)) {
      this.endEdit(true);
      this.go(this.place(cell), event.shiftKey);
    }
  }
  onKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.target.closest("[data-note]")) return;
    if (this.input) {
      this.onEditKey(event);
      return;
    }
    if (!event.target.closest("td[data-cell]")) return;
    if (event.ctrlKey || event.metaKey) {
      this.onCommand(event);
      return;
    }
    const [row, column] = this.at;
    const moves = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [row, 0],
      End: [row, (this.rows[row]?.length ?? 1) - 1]
    };
    const to = moves[event.key];
    if (to) {
      event.preventDefault();
      this.go(to, event.shiftKey);
    } else if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      this.beginEdit();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.change(this.range().flat().filter((cell) => this.isOpen(cell)), () => "");
    } else if (event.key.length === 1 && !event.altKey) {
      this.beginEdit("");
    }
  }
  onCommand(event) {
    const key = event.key.toLowerCase();
    if (key === "z") this.stepBack();
    else if (key === "y") this.stepForward();
    else if (key === "d") this.fillDown();
    else if (key === "home") this.go([0, 0], event.shiftKey);
    else if (key === "end") this.go([this.rows.length - 1, 9999], event.shiftKey);
    else return;
    event.preventDefault();
  }
  onEditKey(event) {
    if (event.key === "Escape") this.endEdit(false);
    else if (event.key === "Enter") {
      this.endEdit(true);
      this.go([this.at[0] + (event.shiftKey ? -1 : 1), this.at[1]]);
    } else if (event.key === "Tab") {
      this.endEdit(true);
      if (!this.next(event.shiftKey ? -1 : 1)) return;
    } else return;
    event.preventDefault();
  }
  beginEdit(start) {
    const cell = this.cell(this.at);
    if (this.input || !this.isOpen(cell)) return;
    const input = document.createElement("input");
    input.inputMode = cell.hasAttribute("data-text") ? "text" : "decimal";
    input.setAttribute("aria-label", cell.dataset.label ?? "");
    input.value = start ?? edit(cell.dataset.value ?? "");
    input.addEventListener("blur", () => this.endEdit(true, false));
    this.shown(cell).hidden = true;
    cell.append(input);
    this.input = input;
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }
  endEdit(keep, focus = true) {
    const input = this.input;
    if (!input) return;
    this.input = null;
    const cell = input.parentElement;
    const typed = input.value;
    input.remove();
    this.shown(cell).hidden = false;
    if (focus) cell.focus();
    if (keep) this.type([[cell, typed]]);
  }
  shown(cell) {
    return cell.querySelector("[data-shown]");
  }
  /** Take typed texts, one undo step; what cannot be read keeps its text with a mark. */
  type(typed) {
    const changes = [];
    let bad = 0;
    for (const [cell, text] of typed) {
      const before = cell.dataset.value ?? "";
      const found = cell.hasAttribute("data-text") ? { kind: "ok", text: text.normalize("NFC").trim() } : read(text);
      if (found.kind === "invalid") {
        bad++;
        this.shown(cell).textContent = text;
        this.mark(cell, "invalid", `Không đọc được “${text}”; viết như 1.234,5`);
      } else if (found.text !== before || cell.dataset.is === "invalid") {
        changes.push({ cell, before, after: found.text });
        this.put(cell, found.text);
        if (found.kind === "ambiguous")
          this.mark(cell, "ambiguous", `“${text}” được hiểu là ${show(found.text)}`);
      }
    }
    this.remember(changes);
    return bad;
  }
  change(cells, value) {
    const changes = cells.map((cell) => ({ cell, before: cell.dataset.value ?? "", after: value(cell) })).filter((one) => one.before !== one.after);
    for (const one of changes) this.put(one.cell, one.after);
    this.remember(changes);
  }
  remember(changes) {
    if (changes.length === 0) return;
    this.done.push(changes);
    this.undone = [];
    this.soon();
  }
  put(cell, text) {
    cell.dataset.value = text;
    this.shown(cell).textContent = cell.hasAttribute("data-text") ? text : show(text);
    this.waiting[cell.dataset.cell ?? ""] = text;
    this.mark(cell, "local");
    this.keep();
  }
  stepBack() {
    const step = this.done.pop();
    if (!step) return;
    for (const one of step) this.put(one.cell, one.before);
    this.undone.push(step);
    this.soon();
  }
  stepForward() {
    const step = this.undone.pop();
    if (!step) return;
    for (const one of step) this.put(one.cell, one.after);
    this.done.push(step);
    this.soon();
  }
  fillDown() {
    const range = this.range();
    const top = range[0] ?? [];
    const below = range.slice(1).flatMap(
      (line) => line.map((cell, index) => [cell, top[index]?.dataset.value ?? ""])
    );
    const values = new Map(below.filter(([cell]) => this.isOpen(cell)));
    this.change([...values.keys()], (cell) => values.get(cell) ?? "");
  }
  onCopy(event, cut = false) {
    if (this.input || !event.target.closest?.("td[data-cell]")) return;
    event.preventDefault();
    const range = this.range();
    const table = range.map((line) => line.map((cell) => edit(cell.dataset.value ?? "")));
    event.clipboardData?.setData("text/plain", writeTable(table));
    if (cut) this.change(range.flat().filter((cell) => this.isOpen(cell)), () => "");
  }
  onPaste(event) {
    if (this.input || event.target.closest?.("[data-note]")) return;
    const table = readTable(event.clipboardData?.getData("text/plain") ?? "");
    if (table.length === 0) return;
    event.preventDefault();
    const typed = [];
    let skipped = 0;
    table.forEach(
      (line, down) => line.forEach((text, across) => {
        const cell = this.cell([this.at[0] + down, this.at[1] + across]);
        if (this.isOpen(cell)) typed.push([cell, text]);
        else skipped++;
      })
    );
    const bad = this.type(typed);
    const parts = [`Đã dán ${typed.length - bad} ô`];
    if (skipped) parts.push(`bỏ qua ${skipped} ô không nhập được`);
    if (bad) parts.push(`${bad} ô không đọc được`);
    this.say(parts.join("; "));
  }
  onNote(event) {
    const input = event.target.closest("[data-note]");
    if (!input) return;
    this.notes[input.dataset.note ?? ""] = input.value;
    this.soon();
  }
  soon() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.save(), PAUSE);
  }
  async save() {
    if (this.busy || !Object.keys(this.waiting).length && !Object.keys(this.notes).length) return;
    this.busy = true;
    const [cells, notes] = [this.waiting, this.notes];
    [this.waiting, this.notes] = [{}, {}];
    this.markAll(Object.keys(cells), "saving");
    this.say(SAYS.saving ?? "");
    try {
      const answer = await fetch(`/bao-cao/${this.dataset.report}/so-lieu`, {
        method: "PATCH",
        redirect: "manual",
        headers: {
          "Content-Type": "application/json",
          "If-Match": this.dataset.etag ?? "",
          "X-Form-Token": this.dataset.token ?? ""
        },
        body: JSON.stringify({ cells, notes })
      });
      if (answer.ok) this.saved(await answer.json(), answer.headers.get("ETag"), Object.keys(cells));
      else if (answer.status === 422) this.refused(cells, notes, (await answer.json()).errors ?? []);
      else this.back(cells, notes, answer.status === 412 ? "stale" : answer.type === "opaqueredirect" ? "signedOut" : "local");
    } catch {
      this.back(cells, notes, "local");
    } finally {
      this.busy = false;
      if (Object.keys(this.waiting).length && this.timer === 0) this.soon();
    }
  }
  /** A step taken on the page waits until everything typed is saved: it is about these figures. */
  saveBefore(event, form) {
    this.endEdit(true, false);
    if (!this.busy && !Object.keys(this.waiting).length && !Object.keys(this.notes).length) return;
    event.preventDefault();
    this.addEventListener("saved", () => form.requestSubmit(), { once: true });
    this.save();
  }
  saved(body, etag, cells) {
    this.dataset.etag = etag ?? "";
    const values = { ...body.cells, ...body.derived };
    for (const cell of this.rows.flat()) {
      const key = cell.dataset.cell ?? "";
      if (key in this.waiting || cell.dataset.is === "invalid" || this.input?.parentElement === cell) continue;
      const text = values[key] ?? "";
      cell.dataset.value = text;
      this.shown(cell).textContent = cell.hasAttribute("data-text") ? text : show(text);
    }
    this.markAll(cells, "saved");
    this.showFindings(body);
    const version = document.getElementById("phien-ban");
    if (version) version.textContent = String(body.version);
    for (const field of document.querySelectorAll("[data-version]")) field.value = String(body.version);
    const status = document.querySelector("#trang-thai .govuk-tag");
    if (status) {
      status.textContent = body.status_text;
      status.className = `govuk-tag govuk-tag--${body.status_colour}`;
    }
    this.say(SAYS.saved ?? "");
    this.keep();
    this.timer = 0;
    if (Object.keys(this.waiting).length) this.soon();
    this.dispatchEvent(new CustomEvent("saved", { bubbles: true }));
  }
  refused(cells, notes, places) {
    const wrong = new Map(places.map((one) => [decode(one.pointer), one.detail]));
    for (const [key, text] of Object.entries(cells)) {
      const cell = this.querySelector(`td[data-cell="${CSS.escape(key)}"]`);
      const why = wrong.get(key);
      if (cell && why) this.mark(cell, "invalid", why);
      else if (!(key in this.waiting)) this.waiting[key] = text;
    }
    this.notes = { ...notes, ...this.notes };
    this.say(`${wrong.size} ô không được nhận; các ô khác sẽ được lưu`);
    this.keep();
    this.timer = 0;
    if (Object.keys(this.waiting).length) this.soon();
  }
  back(cells, notes, why) {
    this.waiting = { ...cells, ...this.waiting };
    this.notes = { ...notes, ...this.notes };
    this.markAll(Object.keys(cells), why === "local" ? "local" : "failed");
    this.say(SAYS[why] ?? "");
    this.keep();
    window.clearTimeout(this.timer);
    this.timer = why === "stale" ? 0 : window.setTimeout(() => this.save(), RETRY);
  }
  showFindings(body) {
    const list = this.querySelector("[data-findings]");
    if (!list || list.contains(document.activeElement)) return;
    list.replaceChildren(
      ...body.findings.map((one) => {
        const item = document.createElement("li");
        item.dataset.severity = one.severity;
        const strong = document.createElement("strong");
        strong.textContent = one.severity === "BLOCKING" ? "Phải sửa" : "Cảnh báo";
        item.append(strong, ` · hàng ${one.row}: ${one.message} (${show(one.left)} / ${show(one.right)})`);
        if (one.severity === "WARNING") item.append(this.noteField(one, body.notes));
        return item;
      })
    );
    if (!body.findings.length) {
      const item = document.createElement("li");
      item.textContent = "Không có quy tắc nào bị vi phạm.";
      list.append(item);
    }
  }
  noteField(one, notes) {
    const label = document.createElement("label");
    label.className = "hub-note";
    const input = document.createElement("input");
    input.className = "govuk-input";
    input.dataset.note = `${one.rule}:${one.row}`;
    input.value = notes[input.dataset.note] ?? "";
    label.append("Giải trình ", input);
    return label;
  }
  markAll(keys, state) {
    for (const key of keys) {
      const cell = this.querySelector(`td[data-cell="${CSS.escape(key)}"]`);
      if (cell && !(state === "saved" && cell.dataset.is === "ambiguous")) this.mark(cell, state);
    }
  }
  mark(cell, state, why = "") {
    cell.dataset.is = state;
    cell.dataset.mark = MARKS[state] ?? "";
    cell.title = why;
    if (state === "invalid") cell.setAttribute("aria-invalid", "true");
    else cell.removeAttribute("aria-invalid");
    if (why) this.say(`${cell.dataset.label}: ${why}`);
  }
  say(text) {
    const state = this.querySelector("[data-state]");
    if (state) state.textContent = text;
  }
  keep() {
    if (Object.keys(this.waiting).length) localStorage.setItem(this.kept, JSON.stringify(this.waiting));
    else localStorage.removeItem(this.kept);
  }
  /** Bring back what was typed and not saved when the tab closed or the session ended. */
  restore() {
    const text = localStorage.getItem(this.kept);
    if (!text) return;
    for (const [key, value] of Object.entries(JSON.parse(text))) {
      const cell = this.querySelector(`td[data-cell="${CSS.escape(key)}"]`);
      if (cell && this.isOpen(cell) && cell.dataset.value !== value) this.put(cell, value);
    }
    if (Object.keys(this.waiting).length) this.soon();
    else this.hadArrived();
  }
  /** The hub has all that was kept here: only its answer was lost, or somebody typed the same. */
  hadArrived() {
    this.keep();
    this.say(SAYS.saved ?? "");
  }
};
function decode(pointer) {
  return pointer.replace(/^\/cells\//, "").replaceAll("~1", "/").replaceAll("~0", "~");
}
customElements.define("bc-grid", Grid);
