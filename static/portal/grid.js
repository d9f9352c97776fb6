/* 按月登记活动的便利，可有可无：把从Excel复制的一块铺开到各格，回车和上下箭头在一列里换行。
   铺开只是替人填，读得对不对由服务器说；认不出的活动类型照原样留在格里。 */
(function () {
  "use strict";

  var table = document.querySelector("table[data-grid]");
  if (!table) return;
  var form = table.closest("form");
  var said = form.querySelector("[data-grid-said]");
  var rest = document.getElementById("id_paste");
  var kinds = JSON.parse(table.getAttribute("data-kinds"));

  function lines() {
    return Array.prototype.map.call(table.querySelectorAll("tr[data-line]"), function (line) {
      return Array.prototype.slice.call(line.querySelectorAll("[data-col]"));
    });
  }

  function placeOf(cell) {
    var all = lines();
    for (var row = 0; row < all.length; row += 1) {
      var column = all[row].indexOf(cell);
      if (column !== -1) return { all: all, row: row, column: column };
    }
    return null;
  }

  /* 与 portal/pasting.py 的 read_cells 一样读 */
  function readCells(text) {
    var left = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "");
    var found = [[]];
    if (!left.trim()) return [];
    var pattern = /"((?:[^"]|"")*)"(?=\t|\n|$)|([^\t\n]*)/g;
    var at = 0;
    while (at <= left.length) {
      pattern.lastIndex = at;
      var match = pattern.exec(left);
      var quoted = match[1];
      var cell = quoted !== undefined && /[\t\n]|""/.test(quoted) ? quoted.replace(/""/g, '"') : match[0];
      found[found.length - 1].push(cell.replace(/\s+/g, " ").trim());
      at += match[0].length;
      if (at >= left.length) break;
      if (left[at] === "\n") found.push([]);
      at += 1;
    }
    return found;
  }

  /* 与 portal/forms/grid.py 的 bare 一样比较 */
  function bare(text) {
    return text.normalize("NFKC").replace(/[\s()（）、，,·.-]/g, "").toLowerCase();
  }

  function put(cell, text) {
    if (cell.tagName !== "SELECT") {
      cell.value = text;
      return;
    }
    var value = kinds[bare(text)] || text;
    var known = Array.prototype.some.call(cell.options, function (option) { return option.value === value; });
    if (!known) cell.add(new Option(value, value));
    cell.value = value;
  }

  /* 从一格起铺开；空行跳过。超出表的留下，原来的内容记着，可以撤销 */
  function spread(at, block) {
    var done = { before: [], left: [] };
    block.forEach(function (cells, down) {
      var line = at.all[at.row + down];
      if (!cells.some(Boolean)) return;
      var beyond = cells.filter(function (text, right) {
        var cell = line && line[at.column + right];
        if (cell) {
          done.before.push([cell, cell.value]);
          put(cell, text);
        }
        return !cell && text;
      });
      if (!line) beyond = Array(at.column + 1).join("\t") + cells.join("\t");
      else beyond = beyond.join("\t");
      if (beyond) done.left.push(beyond);
    });
    return done;
  }

  var undo = form.querySelector("[data-grid-undo]");
  var last = null;

  function tell(words) {
    said.textContent = words;
    undo.hidden = !last;
    // 草稿和离开时的提醒都听这个事件
    table.querySelector("[data-col]").dispatchEvent(new Event("input", { bubbles: true }));
  }

  undo.addEventListener("click", function () {
    last.before.forEach(function (pair) { pair[0].value = pair[1]; });
    rest.value = last.rest;
    last.before[0][0].focus();
    last = null;
    tell("已撤销，各格恢复成粘贴以前的内容。");
  });

  document.addEventListener("paste", function (event) {
    var cell = document.activeElement;
    var at = cell && cell.hasAttribute("data-col") ? placeOf(cell) : null;
    var text = at && event.clipboardData ? event.clipboardData.getData("text/plain") : "";
    var block = readCells(text);
    var many = block.length > 1 || (block.length === 1 && block[0].length > 1);
    // 一格的文字，浏览器自己会放进输入框
    if (!block.length || (!many && cell.tagName !== "SELECT")) return;
    event.preventDefault();
    last = spread(at, block);
    last.rest = rest.value;
    var words = "已填入" + last.before.length + "格，请核对后提交。";
    if (last.left.length) {
      words += "有" + last.left.length + "行超出这张表，放在“从Excel粘贴”里，没有填入。";
      rest.value = (rest.value ? rest.value + "\n" : "") + last.left.join("\n");
      rest.closest("details").open = true;
    }
    tell(words);
  });

  function go(at, step) {
    var line = at.all[at.row + step];
    var next = line && line[at.column];
    if (!next) return;
    next.focus();
    if (next.select) next.select();
  }

  table.addEventListener("keydown", function (event) {
    var cell = event.target;
    if (!cell.hasAttribute("data-col")) return;
    if (event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    var step = 0;
    if (event.key === "Enter") step = event.shiftKey ? -1 : 1;
    // 下拉框里，上下箭头是选类型
    if (cell.tagName !== "SELECT" && !event.shiftKey) {
      if (event.key === "ArrowUp") step = -1;
      if (event.key === "ArrowDown") step = 1;
    }
    if (!step) return;
    event.preventDefault();
    // 别处的回车是到下一个字段
    event.stopPropagation();
    go(placeOf(cell), step);
  });
})();
