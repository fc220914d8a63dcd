from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'verdict.html.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_verdict = resolve('verdict')
    l_0_files = resolve('files')
    l_0_moment = resolve('moment')
    try:
        t_1 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    pass
    yield '<section id="verdict" class="verdict" aria-labelledby="verdict-title" tabindex="-1">\n'
    if environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'dangers'):
        pass
        yield '  <div class="danger" role="note" aria-label="Danger">\n    <p class="danger-title"><svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><path d="M10 2 19 18H1Z"/><path class="bang" d="M10 8v5M10 15v1.4"/></svg> Before you ride or charge again</p>\n'
        if (t_1(environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'dangers')) == 1):
            pass
            yield '<p>'
            yield escape(environment.finalize(environment.getitem(environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'dangers'), 0)))
            yield '</p>\n'
        else:
            pass
            yield '<ul>'
            for l_1_danger in environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'dangers'):
                _loop_vars = {}
                pass
                yield '<li>'
                yield escape(environment.finalize(l_1_danger))
                yield '</li>'
            l_1_danger = missing
            yield '</ul>'
        yield '  </div>\n'
    if (environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'wording') != environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'title')):
        pass
        yield '<p class="wording">'
        yield escape(environment.finalize(environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'wording')))
        yield '</p>'
    yield '  <h1 id="verdict-title">'
    yield escape(environment.finalize(environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'title')))
    yield '</h1>\n  <p class="summary">'
    yield escape(environment.finalize(environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'summary')))
    yield '</p>\n'
    if environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'facts'):
        pass
        yield '  <dl class="facts">\n'
        for (l_1_name, l_1_value, l_1_note) in environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'facts'):
            _loop_vars = {}
            pass
            yield '    <div><dt>'
            yield escape(environment.finalize(l_1_name))
            yield '</dt><dd>'
            yield escape(environment.finalize(l_1_value))
            if l_1_note:
                pass
                yield '<span class="note">'
                yield escape(environment.finalize(l_1_note))
                yield '</span>'
            yield '</dd></div>\n'
        l_1_name = l_1_value = l_1_note = missing
        yield '  </dl>\n'
    yield '  <p class="files">From '
    l_1_loop = missing
    for l_1_file, l_1_loop in LoopContext((undefined(name='files') if l_0_files is missing else l_0_files), undefined):
        _loop_vars = {}
        pass
        yield '<bdi>'
        yield escape(environment.finalize(l_1_file))
        yield '</bdi>'
        if (not environment.getattr(l_1_loop, 'last')):
            pass
            yield ', '
    l_1_loop = l_1_file = missing
    yield '</p>\n'
    if (undefined(name='moment') if l_0_moment is missing else l_0_moment):
        pass
        yield '  <details><summary>The readings before and after it began</summary>\n    <div class="scroll"><table>\n      <caption><bdi>'
        yield escape(environment.finalize(environment.getattr((undefined(name='moment') if l_0_moment is missing else l_0_moment), 'log')))
        yield '</bdi></caption>\n      <thead><tr><th scope="col">Reading</th><th scope="col">Last before<br><span class="note">'
        yield escape(environment.finalize(environment.getitem(environment.getattr((undefined(name='moment') if l_0_moment is missing else l_0_moment), 'times'), 0)))
        yield ' · '
        yield escape(environment.finalize(environment.getitem(environment.getattr((undefined(name='moment') if l_0_moment is missing else l_0_moment), 'places'), 0)))
        yield '</span></th><th scope="col">First after<br><span class="note">'
        yield escape(environment.finalize(environment.getitem(environment.getattr((undefined(name='moment') if l_0_moment is missing else l_0_moment), 'times'), 1)))
        yield ' · '
        yield escape(environment.finalize(environment.getitem(environment.getattr((undefined(name='moment') if l_0_moment is missing else l_0_moment), 'places'), 1)))
        yield '</span></th></tr></thead>\n      <tbody>'
        for (l_1_name, l_1_before, l_1_after) in environment.getattr((undefined(name='moment') if l_0_moment is missing else l_0_moment), 'rows'):
            _loop_vars = {}
            pass
            yield '<tr><th scope="row">'
            yield escape(environment.finalize(l_1_name))
            yield '</th><td>'
            yield escape(environment.finalize(l_1_before))
            yield '</td><td>'
            yield escape(environment.finalize(l_1_after))
            yield '</td></tr>'
        l_1_name = l_1_before = l_1_after = missing
        yield '</tbody>\n    </table></div>\n  </details>\n'
    yield '</section>'

blocks = {}
debug_info = '2=21&5=24&6=32&9=41&10=47&11=49&12=51&14=54&15=58&19=71&20=82&23=85&24=87&25=95'