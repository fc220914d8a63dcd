from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'why.html.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_incident = resolve('incident')
    l_0_causes = resolve('causes')
    l_0_top = resolve('top')
    l_0_rest = resolve('rest')
    l_0_calibrated = resolve('calibrated')
    l_0_contributing = resolve('contributing')
    l_0_evidence = l_0_row = missing
    try:
        t_1 = environment.filters['format']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'format' found.")
    try:
        t_2 = environment.filters['ladder']
    except KeyError:
        @internalcode
        def t_2(*unused):
            raise TemplateRuntimeError("No filter named 'ladder' found.")
    try:
        t_3 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_3(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    try:
        t_4 = environment.filters['list']
    except KeyError:
        @internalcode
        def t_4(*unused):
            raise TemplateRuntimeError("No filter named 'list' found.")
    try:
        t_5 = environment.filters['percent']
    except KeyError:
        @internalcode
        def t_5(*unused):
            raise TemplateRuntimeError("No filter named 'percent' found.")
    try:
        t_6 = environment.filters['rejectattr']
    except KeyError:
        @internalcode
        def t_6(*unused):
            raise TemplateRuntimeError("No filter named 'rejectattr' found.")
    pass
    def macro(l_1_items, l_1_kind, l_1_empty):
        t_7 = []
        if l_1_items is missing:
            l_1_items = undefined("parameter 'items' was not provided", name='items')
        if l_1_kind is missing:
            l_1_kind = undefined("parameter 'kind' was not provided", name='kind')
        if l_1_empty is missing:
            l_1_empty = undefined("parameter 'empty' was not provided", name='empty')
        pass
        if l_1_items:
            pass
            t_7.extend((
                '<ul class="evidence ',
                escape(environment.finalize(l_1_kind)),
                '">',
            ))
            for l_2_item in l_1_items:
                _loop_vars = {}
                pass
                t_7.extend((
                    '<li>',
                    escape(environment.finalize(environment.getattr(l_2_item, 'sentence'))),
                ))
                if environment.getattr(l_2_item, 'strength'):
                    pass
                    t_7.extend((
                        ' <span class="tag">',
                        escape(environment.finalize(environment.getattr(l_2_item, 'strength'))),
                        '</span>',
                    ))
                t_7.append(
                    '</li>',
                )
            l_2_item = missing
            t_7.append(
                '</ul>\n',
            )
        else:
            pass
            t_7.extend((
                '<p class="muted">',
                escape(environment.finalize(l_1_empty)),
                '</p>',
            ))
        return concat(t_7)
    context.exported_vars.add('evidence')
    context.vars['evidence'] = l_0_evidence = Macro(environment, macro, 'evidence', ('items', 'kind', 'empty'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_cause, l_1_first):
        t_8 = []
        if l_1_cause is missing:
            l_1_cause = undefined("parameter 'cause' was not provided", name='cause')
        if l_1_first is missing:
            l_1_first = undefined("parameter 'first' was not provided", name='first')
        pass
        t_8.append(
            '    <li',
        )
        if environment.getattr(l_1_cause, 'rest'):
            pass
            t_8.append(
                ' class="rest"',
            )
        t_8.extend((
            '>\n      <div class="cause-head"><span class="cause-title">',
            escape(environment.finalize(environment.getattr(l_1_cause, 'title'))),
            '</span>\n      <span class="share">',
        ))
        if (undefined(name='calibrated') if l_0_calibrated is missing else l_0_calibrated):
            pass
            t_8.append(
                escape(environment.finalize(t_5(environment.getattr(l_1_cause, 'share')))),
            )
        else:
            pass
            t_8.append(
                escape(environment.finalize(t_2(environment.getattr(l_1_cause, 'share')))),
            )
        t_8.extend((
            '</span></div>\n      <svg class="share-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="back" width="100" height="4"/><rect class="fore" width="',
            escape(environment.finalize(t_1('%.1f', (environment.getattr(l_1_cause, 'share') * 100)))),
            '" height="4"/></svg>\n',
        ))
        if ((not environment.getattr(l_1_cause, 'rest')) and (not l_1_first)):
            pass
            t_8.append(
                '      <details class="small"><summary>For and against</summary>\n',
            )
            if environment.getattr(l_1_cause, 'meaning'):
                pass
                t_8.extend((
                    '<p>',
                    escape(environment.finalize(environment.getattr(l_1_cause, 'meaning'))),
                    '</p>',
                ))
            t_8.extend((
                '        <h4>For</h4>',
                escape(environment.finalize(context.call((undefined(name='evidence') if l_0_evidence is missing else l_0_evidence), environment.getattr(l_1_cause, 'supporting'), 'for', 'Nothing.'))),
                '\n        <h4>Against</h4>',
                escape(environment.finalize(context.call((undefined(name='evidence') if l_0_evidence is missing else l_0_evidence), environment.getattr(l_1_cause, 'contradicting'), 'against', 'Nothing.'))),
                '\n',
            ))
            if environment.getattr(l_1_cause, 'not_observable'):
                pass
                t_8.extend((
                    '<h4>Cannot be seen in these logs</h4>',
                    escape(environment.finalize(context.call((undefined(name='evidence') if l_0_evidence is missing else l_0_evidence), environment.getattr(l_1_cause, 'not_observable'), 'unseen', ''))),
                ))
            t_8.append(
                '      </details>\n',
            )
        t_8.append(
            '    </li>\n',
        )
        return concat(t_8)
    context.exported_vars.add('row')
    context.vars['row'] = l_0_row = Macro(environment, macro, 'row', ('cause', 'first'), False, False, False, context.eval_ctx.autoescape)
    yield '<section id="why" aria-labelledby="why-title">\n  <h2 id="why-title">'
    if (environment.getattr(environment.getattr((undefined(name='incident') if l_0_incident is missing else l_0_incident), 'verdict'), 'cause') == 'undetermined'):
        pass
        yield 'What speaks for what'
    else:
        pass
        yield 'Why we think so'
    yield '</h2>\n'
    if (not (undefined(name='causes') if l_0_causes is missing else l_0_causes)):
        pass
        yield '  <p>'
        if (environment.getattr(environment.getattr((undefined(name='incident') if l_0_incident is missing else l_0_incident), 'verdict'), 'cause') == 'none'):
            pass
            yield 'Every check that could look found nothing that asks for an explanation.'
        else:
            pass
            yield 'No cause could be weighed: the logs hold too little.'
        yield '  See <a href="#checks">what was checked and what was not</a>.</p>\n'
    else:
        pass
        l_0_top = environment.getitem((undefined(name='causes') if l_0_causes is missing else l_0_causes), 0)
        context.vars['top'] = l_0_top
        context.exported_vars.add('top')
        if (environment.getattr((undefined(name='top') if l_0_top is missing else l_0_top), 'id') != environment.getattr(environment.getattr((undefined(name='incident') if l_0_incident is missing else l_0_incident), 'verdict'), 'cause')):
            pass
            yield '<p>The nearest explanation is “'
            yield escape(environment.finalize(environment.getattr((undefined(name='top') if l_0_top is missing else l_0_top), 'title')))
            yield '”, but it is not sure enough to be called the cause.</p>'
        yield '  <div class="columns">\n    <div class="card"><h3>What speaks for it</h3>'
        yield escape(environment.finalize(context.call((undefined(name='evidence') if l_0_evidence is missing else l_0_evidence), environment.getattr((undefined(name='top') if l_0_top is missing else l_0_top), 'supporting'), 'for', 'Nothing in these logs speaks for it.')))
        yield '</div>\n    <div class="card"><h3>What speaks against it</h3>'
        yield escape(environment.finalize(context.call((undefined(name='evidence') if l_0_evidence is missing else l_0_evidence), environment.getattr((undefined(name='top') if l_0_top is missing else l_0_top), 'contradicting'), 'against', 'Nothing in these logs speaks against it.')))
        yield '</div>\n  </div>\n'
        if environment.getattr((undefined(name='top') if l_0_top is missing else l_0_top), 'not_observable'):
            pass
            yield '  <details class="card"><summary>What these logs cannot show about it ('
            yield escape(environment.finalize(t_3(environment.getattr((undefined(name='top') if l_0_top is missing else l_0_top), 'not_observable'))))
            yield ')</summary>'
            yield escape(environment.finalize(context.call((undefined(name='evidence') if l_0_evidence is missing else l_0_evidence), environment.getattr((undefined(name='top') if l_0_top is missing else l_0_top), 'not_observable'), 'unseen', '')))
            yield '</details>\n'
        yield '  <details class="small"><summary>The weights behind it</summary>\n    <p class="note">In nats: +0.7 doubles the odds of the cause, −0.7 halves them.</p>\n    <div class="scroll"><table>\n      <thead><tr><th scope="col">Evidence</th><th scope="col">Weight</th><th scope="col">Rules</th></tr></thead>\n      <tbody>'
        for l_1_item in ((environment.getattr((undefined(name='top') if l_0_top is missing else l_0_top), 'supporting') + environment.getattr((undefined(name='top') if l_0_top is missing else l_0_top), 'contradicting')) + environment.getattr((undefined(name='top') if l_0_top is missing else l_0_top), 'not_observable')):
            _loop_vars = {}
            pass
            yield '<tr><th scope="row"><code>'
            yield escape(environment.finalize(environment.getattr(l_1_item, 'id')))
            yield '</code></th><td>'
            yield escape(environment.finalize(environment.getattr(l_1_item, 'weight')))
            yield '</td><td>'
            yield escape(environment.finalize((environment.getattr(l_1_item, 'rules') or '–')))
            yield '</td></tr>'
        l_1_item = missing
        yield '</tbody>\n    </table></div>\n  </details>\n'
        if environment.getattr((undefined(name='incident') if l_0_incident is missing else l_0_incident), 'would_settle'):
            pass
            yield '<p class="settle"><strong>What would settle it:</strong> '
            yield escape(environment.finalize(environment.getattr((undefined(name='incident') if l_0_incident is missing else l_0_incident), 'would_settle')))
            yield '</p>'
        yield '\n  <h3 id="ranking">Every cause that was weighed</h3>\n  <ol class="causes" aria-labelledby="ranking">\n'
        def t_9(fiter):
            for l_1_cause in fiter:
                if environment.getattr(l_1_cause, 'shown'):
                    yield l_1_cause
        l_1_loop = missing
        for l_1_cause, l_1_loop in LoopContext(t_9((undefined(name='causes') if l_0_causes is missing else l_0_causes)), undefined):
            _loop_vars = {}
            pass
            yield escape(environment.finalize(context.call((undefined(name='row') if l_0_row is missing else l_0_row), l_1_cause, environment.getattr(l_1_loop, 'first'), _loop_vars=_loop_vars)))
        l_1_loop = l_1_cause = missing
        yield '  </ol>\n'
        l_0_rest = t_4(context.eval_ctx, t_6(context, (undefined(name='causes') if l_0_causes is missing else l_0_causes), 'shown'))
        context.vars['rest'] = l_0_rest
        context.exported_vars.add('rest')
        if (undefined(name='rest') if l_0_rest is missing else l_0_rest):
            pass
            yield '<details class="small"><summary>Less probable ('
            yield escape(environment.finalize(t_3((undefined(name='rest') if l_0_rest is missing else l_0_rest))))
            yield ')</summary><ol class="causes">'
            for l_1_cause in (undefined(name='rest') if l_0_rest is missing else l_0_rest):
                _loop_vars = {}
                pass
                yield escape(environment.finalize(context.call((undefined(name='row') if l_0_row is missing else l_0_row), l_1_cause, False, _loop_vars=_loop_vars)))
            l_1_cause = missing
            yield '</ol></details>'
        if (undefined(name='calibrated') if l_0_calibrated is missing else l_0_calibrated):
            pass
            yield '<p class="note">About the percentages: '
            yield escape(environment.finalize(environment.getattr(environment.getattr((undefined(name='incident') if l_0_incident is missing else l_0_incident), 'verdict'), 'calibration')))
            yield '.</p>'
    if (undefined(name='contributing') if l_0_contributing is missing else l_0_contributing):
        pass
        yield '  <h3>Contributing factors</h3>\n  <p class="note">States of the vehicle that made it more likely or worse. Each percentage stands by itself.</p>\n  <ul class="factors">\n'
        for l_1_factor in (undefined(name='contributing') if l_0_contributing is missing else l_0_contributing):
            _loop_vars = {}
            pass
            yield '<li><strong>'
            yield escape(environment.finalize(environment.getattr(l_1_factor, 'title')))
            yield '</strong>'
            if (undefined(name='calibrated') if l_0_calibrated is missing else l_0_calibrated):
                pass
                yield ' <span class="tag">'
                yield escape(environment.finalize(t_5(environment.getattr(l_1_factor, 'share'))))
                yield '</span>'
            yield '<br>'
            yield escape(environment.finalize(environment.getattr(l_1_factor, 'sentence')))
            yield '</li>'
        l_1_factor = missing
        yield '  </ul>\n'
    yield '</section>'

blocks = {}
debug_info = '1=54&2=63&3=95&5=101&6=111&7=118&8=121&9=133&10=136&12=141&13=150&14=152&15=155&21=171&22=178&23=181&26=190&27=193&29=199&30=201&32=203&33=206&39=211&42=223&46=229&48=240&49=243&50=254&52=259&56=262'