/* 附件的便利：把文件拖到页上，上传以前先说太大。没有脚本时用“选择文件”和“添加附件”，结果一样。 */
(function () {
  "use strict";

  var place = document.querySelector("[data-drop]");
  var input = place && place.querySelector("input[type=file]");
  if (!input) return;
  var said = place.querySelector("[data-drop-said]");
  var most = Number(place.getAttribute("data-most"));

  function say(text) {
    said.textContent = text;
    said.hidden = !text;
  }

  function look() {
    var file = input.files[0];
    if (file && file.size > most * 1024 * 1024) {
      say("“" + file.name + "”有" + (file.size / 1024 / 1024).toFixed(1) + "MB，超过" + most + "MB，请压缩图片或拆成几个文件。");
      input.value = "";
      return false;
    }
    say("");
    return true;
  }

  input.addEventListener("change", look);

  function carriesFiles(event) {
    return event.dataTransfer && Array.prototype.indexOf.call(event.dataTransfer.types, "Files") !== -1;
  }

  document.addEventListener("dragover", function (event) {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    place.classList.add("over");
  });

  document.addEventListener("dragleave", function (event) {
    if (!event.relatedTarget) place.classList.remove("over");
  });

  // 松手只是选中，还可以写说明，点“添加附件”才上传
  document.addEventListener("drop", function (event) {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    place.classList.remove("over");
    var files = event.dataTransfer.files;
    place.scrollIntoView({ block: "nearest" });
    if (files.length !== 1) {
      say("一次添加一个文件，请一个一个拖来。");
      return;
    }
    input.files = files;
    if (look()) place.querySelector("form:not([action*='restore']) button").focus();
    else input.focus();
  });
})();
