/* 录入的便利，可有可无：不运行脚本时各页照常可用。浏览器里不保存任何内容。 */
(function () {
  "use strict";

  var root = document.documentElement;
  root.classList.add("js");

  /* 表单出错时，焦点先到错误汇总 */
  var summary = document.querySelector(".errsum, [data-focus]");
  if (summary) summary.focus();

  /* 窄屏上横排的栏目：所在的一栏移到看得见的地方，页面本身不动 */
  Array.prototype.forEach.call(document.querySelectorAll(".mainnav, .subnav ul, .views"), function (row) {
    var chosen = row.querySelector("[aria-current]");
    if (!chosen || row.scrollWidth <= row.clientWidth) return;
    row.scrollLeft += chosen.getBoundingClientRect().left - row.getBoundingClientRect().left -
      (row.clientWidth - chosen.offsetWidth) / 2;
  });

  function composing(event) {
    // 输入法选字时的回车不是提交；229 是旧版浏览器的写法
    return event.isComposing || event.keyCode === 229;
  }

  function submit(form) {
    var button = form.querySelector("button:not([type]), button[type=submit], input[type=submit]");
    if (button) button.click();
    else if (form.requestSubmit) form.requestSubmit();
  }

  function nextField(form, field) {
    var fields = Array.prototype.filter.call(form.elements, function (element) {
      return element.type !== "hidden" && !element.disabled && !element.readOnly && element.offsetParent !== null &&
        /^(INPUT|SELECT|TEXTAREA|BUTTON)$/.test(element.tagName);
    });
    return fields[fields.indexOf(field) + 1];
  }

  document.addEventListener("keydown", function (event) {
    var field = event.target;
    var form = field.form;
    var menu = document.querySelector("details.parkpick[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
      return;
    }
    if (event.key !== "Enter" || !form) return;
    if (composing(event)) {
      event.preventDefault();
      return;
    }
    if (event.ctrlKey && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      submit(form);
      return;
    }
    // 录入页：在单行字段里回车，到下一个字段
    if (form.hasAttribute("data-entry") && /^(INPUT|SELECT)$/.test(field.tagName) && !/^(submit|button|file)$/.test(field.type)) {
      event.preventDefault();
      var next = nextField(form, field);
      if (next) next.focus();
    }
  });

  /* 同一张表单短时间内只提交一次 */
  var WAIT = 8000;
  var sent = new WeakMap();
  var dirty = false;
  var leaving = false;
  var timer, saving;
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    var last = sent.get(form);
    if (last && Date.now() - last < WAIT) {
      event.preventDefault();
      return;
    }
    sent.set(form, Date.now());
    dirty = false;
    leaving = true;
    clearTimeout(timer);
    if (saving) saving.abort();
  });
  window.addEventListener("pageshow", function () {
    sent = new WeakMap();
    leaving = false;
  });

  /* 录入未保存就离开时提醒 */
  document.addEventListener("input", function (event) {
    if (event.target.form && event.target.form.hasAttribute("data-entry")) dirty = true;
  });
  window.addEventListener("beforeunload", function (event) {
    if (!dirty) return;
    event.preventDefault();
    event.returnValue = "";
  });

  /* 草稿：停手3秒，存到服务器；有旧草稿还没定时不存，免得盖掉它 */
  var QUIET = 3000;
  var entry = document.querySelector("form[data-entry]");
  var places = document.querySelectorAll("[data-draft-said]");

  function say(text) {
    Array.prototype.forEach.call(places, function (place) { place.textContent = text; });
  }

  function keepDraft() {
    if (saving) {
      later();
      return;
    }
    var body = new URLSearchParams(new FormData(entry));
    body.set("draft", "auto");
    var asked = timer;
    saving = new AbortController();
    fetch(entry.action, { method: "POST", body: body, credentials: "same-origin", signal: saving.signal }).then(function (answer) {
      if (!answer.ok || (answer.headers.get("Content-Type") || "").indexOf("text/plain") !== 0) throw new Error(answer.status);
      return answer.text();
    }).then(function (text) {
      say(text);
      // 存的时候又打了字，就还有没存的
      if (timer === asked && text.indexOf("草稿已存") !== -1) dirty = false;
    }).catch(function () {
      if (!leaving) say("草稿没有存上，离开前请先点“存草稿”或“提交”");
    }).then(function () { saving = null; });
  }

  function later() {
    clearTimeout(timer);
    if (!leaving) timer = setTimeout(keepDraft, QUIET);
  }

  if (entry && places.length) {
    entry.addEventListener("input", function () {
      if (entry.hasAttribute("data-draft")) later();
      else say("页首的旧草稿定下来以后，才自动存草稿");
    });
  }

  document.addEventListener("click", function (event) {
    var target = event.target;
    if (target.closest("[data-print]")) window.print();
    // 点在别处，收起园区菜单
    var menu = document.querySelector("details.parkpick[open]");
    if (menu && !menu.contains(target)) menu.open = false;
  });
})();
