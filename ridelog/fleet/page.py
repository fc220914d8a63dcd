"""The page of an audit: a plain table that sorts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

_STYLE = """
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{margin:1.5rem auto;max-width:75rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #8884;overflow-wrap:anywhere}
th button{font:inherit;font-weight:600;background:none;border:0;padding:0;color:inherit;cursor:pointer}
td.number{text-align:right;font-variant-numeric:tabular-nums}
"""

_SCRIPT = """
document.querySelectorAll('th button').forEach((button,column)=>button.addEventListener('click',()=>{
const body=document.querySelector('tbody'),up=button.dataset.up!=='yes';
document.querySelectorAll('th button').forEach(b=>{b.dataset.up='';b.parentElement.removeAttribute('aria-sort')});
button.dataset.up=up?'yes':'no';button.parentElement.setAttribute('aria-sort',up?'ascending':'descending');
const key=row=>row.cells[column].dataset.value??row.cells[column].textContent;
const rows=[...body.rows].sort((a,b)=>{const x=key(a),y=key(b),n=parseFloat(x)-parseFloat(y);
return (Number.isNaN(n)?x.localeCompare(y):n)*(up?1:-1)});body.append(...rows)}));
"""

_COLUMNS = ("path", "cause", "probability", "severity", "resistance_ohm", "parser", "error")


def page(rows: Sequence[dict[str, object]]) -> str:
    """The page as HTML, for one row a log."""
    from jinja2 import Environment

    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    template = Environment(autoescape=True).from_string(
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'sha256-{{ digest }}'\"><title>ridelog audit</title><style>{{ style|safe }}</style></head><body>"
        "<h1>Audit</h1><p>{{ rows|length }} logs.</p><table><thead><tr>"
        "{% for name in columns %}<th scope=col><button>{{ name }}</button></th>{% endfor %}</tr></thead><tbody>"
        "{% for row in rows %}<tr>{% for name in columns %}{% set value = row[name] %}"
        "{% if value is number %}<td class=number data-value='{{ value }}'>{{ '%.4g' % value }}</td>"
        "{% else %}<td>{{ value if value is not none else '' }}</td>{% endif %}{% endfor %}</tr>{% endfor %}"
        "</tbody></table><script>{{ script|safe }}</script></body></html>\n"
    )
    return template.render(digest=digest, style=_STYLE, script=_SCRIPT, rows=rows, columns=_COLUMNS)
