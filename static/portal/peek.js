/* 台账旁的侧栏：不离开列表看一条记录。没有脚本、窗口窄、取不到时，点名称看整页。 */
(function () {
  "use strict";

  var main = document.getElementById("main");
  var wide = window.matchMedia("(min-width: 1200px)");
  var HEADER = "X-Panel";
  var panel, body, at, asking;
  if (!main || !window.AbortController) return;

  function links() {
    return Array.prototype.slice.call(main.querySelectorAll("a[data-peek]"));
  }

  function button(text, does) {
    var made = document.createElement("button");
    made.type = "button";
    made.className = "btn sm";
    made.textContent = text;
    made.addEventListener("click", does);
    return made;
  }

  function build() {
    panel = document.createElement("aside");
    panel.className = "peeked";
    panel.setAttribute("aria-label", "侧栏");
    var bar = document.createElement("div");
    bar.className = "bar";
    var hint = document.createElement("span");
    hint.className = "small muted";
    hint.textContent = "↑ ↓ 换一条，Esc 关闭";
    var buttons = document.createElement("span");
    buttons.appendChild(button("上一条", function () { step(-1); }));
    buttons.appendChild(button("下一条", function () { step(1); }));
    buttons.appendChild(button("关闭", leave));
    bar.appendChild(hint);
    bar.appendChild(buttons);
    body = document.createElement("div");
    panel.appendChild(bar);
    panel.appendChild(body);
    panel.addEventListener("keydown", keys);
  }

  function mark(link) {
    var row = main.querySelector("tr[aria-current]");
    if (row) row.removeAttribute("aria-current");
    if (link) link.closest("tr").setAttribute("aria-current", "true");
  }

  function sentence(text) {
    body.textContent = "";
    var title = document.createElement("h2");
    title.tabIndex = -1;
    title.textContent = text;
    body.appendChild(title);
    title.focus({ preventScroll: true });
  }

  function show(link) {
    if (!panel) build();
    if (!panel.parentNode) {
      main.appendChild(panel);
      main.classList.add("peeking");
    }
    at = link;
    mark(link);
    var row = link.closest("tr");
    if (row.scrollIntoView) row.scrollIntoView({ block: "nearest" });
    if (asking) asking.abort();
    var mine = asking = new AbortController();
    var headers = {};
    headers[HEADER] = "1";
    fetch(link.href, { headers: headers, credentials: "same-origin", cache: "no-store", signal: mine.signal }).then(function (answer) {
      if (answer.status === 404) {
        if (asking === mine) sentence("这条记录已经不在，或不能再看了。");
        return;
      }
      // 登录过期等：回答的不是侧栏，就去看整页
      if (!answer.ok || !answer.headers.get(HEADER)) {
        location.assign(link.href);
        return;
      }
      return answer.text().then(function (text) {
        if (asking !== mine) return;
        body.innerHTML = text;
        panel.scrollTop = 0;
        var title = body.querySelector("[data-peek-title]");
        if (title) title.focus({ preventScroll: true });
      });
    }).catch(function (error) {
      if (error.name !== "AbortError" && asking === mine) sentence("没有取到这条记录，请检查网络，再试一次。");
    });
  }

  function hide() {
    if (asking) asking.abort();
    asking = null;
    if (!panel || !panel.parentNode) return;
    main.removeChild(panel);
    main.classList.remove("peeking");
    body.textContent = "";
    mark(null);
    if (at) at.focus();
    at = null;
  }

  /* 打开侧栏是历史里的一步，后退就关上 */
  function enter(link) {
    var is_open = panel && panel.parentNode;
    var state = { peek: link.getAttribute("href") };
    if (is_open) history.replaceState(state, "");
    else history.pushState(state, "");
    show(link);
  }

  function leave() {
    if (history.state && history.state.peek) history.back();
    else hide();
  }

  function step(by) {
    var all = links();
    var next = all[all.indexOf(at) + by];
    if (next) enter(next);
  }

  function keys(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      leave();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    }
  }

  function recall() {
    var wanted = history.state && history.state.peek;
    var link = wanted && wide.matches && links().filter(function (one) { return one.getAttribute("href") === wanted; })[0];
    if (link) show(link);
    else hide();
  }

  main.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-peek]");
    if (!link || !wide.matches || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link === at) leave();
    else enter(link);
  });
  window.addEventListener("popstate", recall);
  // 从整页退回来，侧栏还开着
  if (history.state && history.state.peek) recall();
})();
