/* 统一社会信用代码、身份证号：离开输入框就核对，和提交后服务器说的是同一句话（orgs/models/enterprise.py、orgs/idnumbers.py）。
   不运行脚本时由服务器来说。什么也不存，什么也不发出去。 */
(function () {
  "use strict";

  function tidied(text) {
    return text.normalize("NFKC").replace(/[\s'\u00ad\u200b-\u200f\u2060\ufeff\u2010-\u2015-]/g, "").toUpperCase();
  }

  function length(text) {
    return Array.from(text).length;
  }

  /* GB 11643：公民身份号码 */
  var WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

  function idNumber(text) {
    if (/^[0-9]{15}$/.test(text)) return "身份证号是15位的旧号，2013年起已停用，请填18位的号码";
    if (length(text) !== 18) return "身份证号应为18位，现在是" + length(text) + "位，请核对";
    if (!/^[0-9]{17}[0-9X]$/.test(text)) return "身份证号前17位应为数字，第18位是数字或X，请核对";
    if (text.charAt(0) === "0") return "身份证号前6位不是有效的地区代码，请核对";
    var year = Number(text.slice(6, 10)), month = Number(text.slice(10, 12)), day = Number(text.slice(12, 14));
    var born = new Date(year, month - 1, day);
    var exists = born.getFullYear() === year && born.getMonth() === month - 1 && born.getDate() === day;
    if (!exists || year < 1900 || born > new Date()) return "身份证号第7至14位不是有效的出生日期，请核对";
    var sum = WEIGHTS.reduce(function (total, weight, place) { return total + weight * Number(text.charAt(place)); }, 0);
    return "10X98765432".charAt(sum % 11) === text.charAt(17) ? "" : "身份证号第18位校验不符，请核对";
  }

  /* GB 32100：统一社会信用代码 */
  var SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY";

  function creditCode(text) {
    if (length(text) !== 18) return "统一社会信用代码应为18位，现在是" + length(text) + "位，请核对营业执照。";
    if (!/^[0-9]{8}[0-9A-HJ-NPQRTUWXY]{10}$/.test(text)) {
      return "统一社会信用代码里有不该出现的字符（不用字母I、O、Z、S、V），请核对营业执照。";
    }
    var sum = 0, weight = 1;
    for (var place = 0; place < 17; place += 1) {
      sum += SIGNS.indexOf(text.charAt(place)) * weight;
      weight = weight * 3 % 31;
    }
    return SIGNS.charAt((31 - sum % 31) % 31) === text.charAt(17) ? "" : "统一社会信用代码第18位校验不符，请核对营业执照。";
  }

  var CHECKS = { id: idNumber, uscc: creditCode };

  function picture(address) {
    var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    var use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "i");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("focusable", "false");
    use.setAttribute("href", address);
    svg.appendChild(use);
    return svg;
  }

  /* 与 entry_said.html 画的错误一样 */
  function tell(field, sentence) {
    var key = field.id + "_error";
    var shown = document.getElementById(key);
    if (!sentence && !shown) return;
    if (!shown) {
      shown = document.createElement("p");
      shown.className = "emsg";
      shown.id = key;
      shown.appendChild(picture(field.getAttribute("data-icon")));
      shown.appendChild(document.createElement("span"));
      field.parentNode.insertBefore(shown, field);
    }
    var described = (field.getAttribute("aria-describedby") || "").split(" ").filter(function (one) { return one && one !== key; });
    if (sentence) {
      shown.querySelector("span").textContent = sentence;
      field.setAttribute("aria-invalid", "true");
      described.push(key);
    } else {
      shown.parentNode.removeChild(shown);
      field.removeAttribute("aria-invalid");
    }
    field.setAttribute("aria-describedby", described.join(" "));
    var row = field.closest(".frow");
    if (row) row.classList.toggle("bad", Boolean(sentence));
  }

  document.addEventListener("focusout", function (event) {
    var check = CHECKS[event.target.getAttribute("data-check")];
    if (!check) return;
    var text = tidied(event.target.value);
    /* 服务器说过的（如已经登记）在改动以前不动它 */
    if (text === tidied(event.target.defaultValue) && document.getElementById(event.target.id + "_error")) return;
    tell(event.target, text ? check(text) : "");
  });
})();
