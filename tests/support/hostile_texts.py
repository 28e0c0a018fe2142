"""Texts that would run or fetch something if a page took them for HTML, Markdown or a template."""

from __future__ import annotations

XSS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>", "javascript:alert(1)", "[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)", "![a](https://evil.example/t.png)",
    "<iframe src=//evil.example></iframe>",
    "</title><script>alert(1)</script>", "</textarea><script>alert(1)</script>", "</script><script>alert(1)</script>",
    "<!--<script>alert(1)-->", "{{ 7*7 }}", "{% raw %}{{ config }}", "${7*7}", "<a href='vbscript:x'>x</a>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>", "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "<link rel=stylesheet href=//evil.example>",
    "\" onmouseover=\"alert(1)", "' autofocus onfocus='alert(1)", "`<b>`</code><script>alert(1)</script>",
    "<https://evil.example/\"onclick=alert(1)>", "[x]: javascript:alert(1)\n\n[x]",
    "<style>*{background:url(//evil)}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;&#x3c;script&#x3e;", "<object data=//evil.example></object><embed src=//x>",
    "<details open ontoggle=alert(1)>x</details>", "<video><source onerror=alert(1)></video>",
    "<a href=https://evil.example>y</a>", "<form action=https://evil.example><button autofocus>z</button></form>",
]  # fmt: skip
# Links that run or embed something, which nothing that we sign may hold.
REFUSED = {text for text in XSS if "](javascript:" in text.lower() or "](data:" in text}
