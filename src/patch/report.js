"use strict";
/* Adds a filter and sorting; everything is there without it. */
(function () {
	var all = function (sel, from) {
		return Array.prototype.slice.call(
			(from || document).querySelectorAll(sel));
	};
	var kinds = { i: "+ insert", u: "~ update", d: "\u2212 delete" };
	var rows = all(".diff tbody");
	var tools = document.getElementById("tools");
	var input, output, boxes = {};

	function element(name, text) {
		var e = document.createElement(name);
		if (text) {
			e.textContent = text;
		}
		return e;
	}

	function filter() {
		var q = input.value.toLowerCase(), shown = 0;
		rows.forEach(function (b) {
			var table = b.parentNode.getAttribute("data-table");
			b.hidden = !boxes[b.className].checked || (q !== "" &&
				(table + " " + b.textContent).toLowerCase()
					.indexOf(q) < 0);
			shown += b.hidden ? 0 : 1;
		});
		all(".diff").forEach(function (t) {
			t.closest("section").hidden =
				!t.querySelector("tbody:not([hidden])");
		});
		output.textContent = shown === rows.length ? "" :
			shown + " of " + rows.length + " shown";
	}

	function toHash() {
		var off = Object.keys(kinds).filter(function (k) {
			return !boxes[k].checked;
		}).join("");
		var hash = "#q=" + encodeURIComponent(input.value) +
			(off ? "&without=" + off : "");
		history.replaceState(null, "", hash === "#q=" ?
			location.pathname + location.search : hash);
	}

	function fromHash() {
		var m = /^#q=([^&]*)(?:&without=([iud]*))?$/.exec(location.hash);
		if (!m) {
			return;
		}
		try {
			input.value = decodeURIComponent(m[1]);
		} catch (e) {
			input.value = m[1];
		}
		Object.keys(kinds).forEach(function (k) {
			boxes[k].checked = (m[2] || "").indexOf(k) < 0;
		});
		filter();
	}

	function value(part, column) {
		var cell = part.tagName === "TBODY" ?
			part.rows[0].cells[column] : part.cells[column];
		var text = cell ? cell.textContent.trim() : "";
		return cell && cell.classList.contains("n") ?
			Number(text.replace(/,/g, "")) || 0 : text;
	}

	function sort(table, column, head) {
		var down = head.getAttribute("aria-sort") === "ascending";
		var bodies = table.classList.contains("diff");
		var parts = bodies ? all("tbody", table) : all("tbody tr", table);
		var sorted = parts.map(function (p, i) {
			return { part: p, at: i, value: value(p, column) };
		}).sort(function (a, b) {
			var order = typeof a.value === "number" ?
				a.value - b.value :
				a.value.localeCompare(b.value, undefined,
					{ numeric: true });
			return (down ? -order : order) || a.at - b.at;
		});
		all("th", head.parentNode).forEach(function (h) {
			h.removeAttribute("aria-sort");
		});
		head.setAttribute("aria-sort", down ? "descending" : "ascending");
		sorted.forEach(function (s) {
			s.part.parentNode.appendChild(s.part);
		});
	}

	function makeTools() {
		var label = element("label");
		input = element("input");
		input.type = "search";
		input.placeholder = "Filter the differences";
		input.setAttribute("aria-label", input.placeholder);
		output = element("output");
		tools.appendChild(input);
		Object.keys(kinds).forEach(function (k) {
			var box = element("input");
			label = element("label");
			box.type = "checkbox";
			box.checked = true;
			boxes[k] = box;
			label.className = k;
			label.appendChild(box);
			label.appendChild(document.createTextNode(" " + kinds[k]));
			tools.appendChild(label);
		});
		tools.appendChild(output);
		tools.addEventListener("input", function () {
			filter();
			toHash();
		});
		window.addEventListener("hashchange", fromHash);
		tools.hidden = false;
		fromHash();
	}

	all("table").forEach(function (table) {
		all("thead th", table).forEach(function (head, column) {
			var button = element("button", head.textContent);
			button.type = "button";
			head.textContent = "";
			head.appendChild(button);
			button.addEventListener("click", function () {
				sort(table, column, head);
			});
		});
	});
	if (rows.length > 0) {
		makeTools();
	}
	window.addEventListener("beforeprint", function () {
		all("details").forEach(function (d) {
			d.open = true;
		});
	});
}());
