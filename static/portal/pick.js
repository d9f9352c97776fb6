/* 从许多记录里选一条：打名称、代码或拼音首字母，列表随着缩小（portal/type_ahead.py）。不运行脚本时就是原来的下拉列表。
   选中的始终记在 <select> 里；列表太长、没有全放在页面里的，向本页的地址去查。什么也不存。 */
(function () {
  "use strict";

  var FEW = 10;   // 不多于这些的，下拉列表本身就够用
  var SHOWN = 50; // 一次列出这些
  var QUIET = 200;

  function plain(text) {
    return text.normalize("NFKC").toLowerCase().trim();
  }

  /* 每个词都要有；开头就对上的在前 */
  function matching(options, typed) {
    var words = plain(typed).split(/\s+/).filter(Boolean);
    var first = [], others = [];
    options.forEach(function (option) {
      var said = option.getAttribute("data-said") || "";
      var text = plain(option.text + " " + said);
      if (!words.every(function (word) { return text.indexOf(word) !== -1; })) return;
      var begins = words.length && (plain(option.text).indexOf(words[0]) === 0 || said.indexOf(words[0]) === 0);
      (begins ? first : others).push(option);
    });
    return first.concat(others);
  }

  function make(name, classes, attributes) {
    var element = document.createElement(name);
    if (classes) element.className = classes;
    Object.keys(attributes || {}).forEach(function (key) { element.setAttribute(key, attributes[key]); });
    return element;
  }

  function pick(select) {
    var field = select.getAttribute("data-pick"); // 有名字的：页面里没有全部
    if (!field && select.options.length <= FEW) return;
    var id = select.id;
    var box = make("div", "pick");
    var input = make("input", select.className, {
      type: "text", id: id, role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": id + "_list", autocomplete: "off", spellcheck: "false", placeholder: "名称、代码或拼音首字母",
    });
    ["aria-describedby", "aria-invalid", "aria-label"].forEach(function (key) {
      if (select.hasAttribute(key)) input.setAttribute(key, select.getAttribute(key));
    });
    var list = make("ul", "picklist", { id: id + "_list", role: "listbox", hidden: "" });
    var status = make("p", "vh", { role: "status" });
    var label = document.querySelector('label[for="' + id + '"]');
    if (label) list.setAttribute("aria-label", label.firstChild.textContent.trim());
    var finder = select.nextElementSibling;
    if (finder && finder.className === "finder") finder.parentNode.removeChild(finder);
    select.id = id + "_select";
    select.hidden = true;
    select.parentNode.insertBefore(box, select);
    [input, list, status, select].forEach(function (element) { box.appendChild(element); });

    var found = [];  // 列出来的：[值, 文字]
    var active = -1;
    var timer, asking;

    function chosen() {
      var option = select.options[select.selectedIndex];
      return option && option.value ? option.text : "";
    }

    function close() {
      clearTimeout(timer);
      if (asking) asking.abort();
      asking = null;
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function mark(number) {
      var items = list.querySelectorAll("[role=option]");
      Array.prototype.forEach.call(items, function (item, place) {
        item.setAttribute("aria-selected", place === number ? "true" : "false");
      });
      active = number;
      if (number < 0) {
        input.removeAttribute("aria-activedescendant");
        return;
      }
      input.setAttribute("aria-activedescendant", items[number].id);
      var top = items[number].offsetTop, bottom = top + items[number].offsetHeight;
      if (top < list.scrollTop) list.scrollTop = top;
      else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
    }

    function show(pairs, cut) {
      found = pairs;
      list.textContent = "";
      pairs.forEach(function (pair, place) {
        var item = make("li", "", { role: "option", id: id + "_" + place, "aria-selected": "false" });
        item.textContent = pair[1];
        list.appendChild(item);
      });
      var told = pairs.length ? "有" + pairs.length + "条" + (cut ? "，再多写几个字可以缩小范围" : "") : "没有找到，请换一个说法";
      if (!pairs.length || cut) {
        var note = make("li", "none", { role: "presentation" });
        note.textContent = told;
        list.appendChild(note);
      }
      status.textContent = told;
      list.hidden = false;
      list.scrollTop = 0;
      input.setAttribute("aria-expanded", "true");
      mark(pairs.length && input.value.trim() && input.value !== chosen() ? 0 : -1);
    }

    function told(text) {
      show([], false);
      list.firstChild.textContent = text;
      status.textContent = text;
    }

    function ask(typed) {
      if (asking) asking.abort();
      var mine = asking = new AbortController();
      var query = new URLSearchParams(location.search);
      query.set("pick", field);
      query.set("q", typed);
      fetch(location.pathname + "?" + query, { credentials: "same-origin", signal: mine.signal }).then(function (answer) {
        if (!answer.ok || (answer.headers.get("Content-Type") || "").indexOf("application/json") !== 0) throw new Error(answer.status);
        return answer.json();
      }).then(function (pairs) {
        if (asking === mine) show(pairs, pairs.length === 20);
      }).catch(function () {
        if (asking === mine) told("没有查到，请稍后再试");
      });
    }

    function open(typed) {
      if (field) {
        clearTimeout(timer);
        timer = setTimeout(function () { ask(typed); }, typed ? QUIET : 0);
        return;
      }
      var options = Array.prototype.filter.call(select.options, function (option) { return option.value; });
      var some = matching(options, typed);
      show(some.slice(0, SHOWN).map(function (option) { return [option.value, option.text]; }), some.length > SHOWN);
    }

    function choose(pair) {
      var option = Array.prototype.filter.call(select.options, function (one) { return one.value === pair[0]; })[0];
      if (!option) option = select.appendChild(new Option(pair[1], pair[0]));
      if (select.value !== pair[0]) {
        select.value = pair[0];
        ["input", "change"].forEach(function (name) { select.dispatchEvent(new Event(name, { bubbles: true })); });
      }
      input.value = chosen();
      close();
    }

    /* 清空就是不选；打了一半就离开的，回到原来选的 */
    function settle() {
      var empty = Array.prototype.filter.call(select.options, function (one) { return !one.value; })[0];
      if (!input.value.trim() && empty) choose(["", ""]);
      input.value = chosen();
      close();
    }

    input.value = chosen();
    input.addEventListener("focus", function () { input.select(); });
    input.addEventListener("click", function () { if (list.hidden) open(""); });
    input.addEventListener("input", function (event) {
      event.stopPropagation(); // 还没选定，不算填了什么，不必存草稿
      if (!event.isComposing) open(input.value);
    });
    input.addEventListener("compositionend", function () { open(input.value); });
    input.addEventListener("blur", settle);
    input.addEventListener("keydown", function (event) {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) open("");
        else if (found.length) mark((active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1) + found.length) % found.length);
      } else if (event.key === "Escape" && !list.hidden) {
        event.stopPropagation();
        input.value = chosen();
        close();
      } else if (event.key === "Enter" && !list.hidden && !event.ctrlKey) {
        // 选定；接着由 portal.js 到下一个字段
        if (active >= 0) choose(found[active]);
        else if (input.value.trim() && input.value !== chosen()) {
          event.preventDefault();
          event.stopPropagation();
        }
      }
    });
    // 按下时就不让输入框失去焦点
    list.addEventListener("mousedown", function (event) { event.preventDefault(); });
    list.addEventListener("click", function (event) {
      var place = Array.prototype.indexOf.call(list.children, event.target.closest("li"));
      if (found[place]) choose(found[place]);
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll("select[data-pick]"), pick);
})();
