/* 勾选时随手数出选中几条。不运行脚本时，按“翻页继续选”由服务器数。 */
(function () {
  "use strict";

  var said = document.querySelector("[data-picked]");
  var form = document.getElementById("pick");
  if (!said || !form || form.elements.all) return;

  function count() {
    var ticked = document.querySelectorAll("input[name=pick]:checked").length;
    var number = ticked + Number(said.getAttribute("data-kept"));
    var unit = said.getAttribute("data-unit");
    var text = number ? "已选" + number.toLocaleString("en-US") + unit : "没有选中" + unit.slice(1);
    if (said.textContent !== text) said.textContent = text;
    form.classList.toggle("some", number > 0 || form.hasAttribute("data-stays"));
  }

  document.addEventListener("change", function (event) {
    if (event.target.name === "pick") count();
  });
  /* 后退回来时，浏览器会恢复勾选 */
  window.addEventListener("pageshow", count);
})();
