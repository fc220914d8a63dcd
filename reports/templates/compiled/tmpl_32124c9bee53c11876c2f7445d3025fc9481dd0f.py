from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'findings.html.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_findings = resolve('findings')
    l_0_checks = resolve('checks')
    l_0_card = l_0_grave = l_0_notes = missing
    try:
        t_1 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    try:
        t_2 = environment.filters['list']
    except KeyError:
        @internalcode
        def t_2(*unused):
            raise TemplateRuntimeError("No filter named 'list' found.")
    try:
        t_3 = environment.filters['lower']
    except KeyError:
        @internalcode
        def t_3(*unused):
            raise TemplateRuntimeError("No filter named 'lower' found.")
    try:
        t_4 = environment.filters['rejectattr']
    except KeyError:
        @internalcode
        def t_4(*unused):
            raise TemplateRuntimeError("No filter named 'rejectattr' found.")
    try:
        t_5 = environment.filters['selectattr']
    except KeyError:
        @internalcode
        def t_5(*unused):
            raise TemplateRuntimeError("No filter named 'selectattr' found.")
    pass
    def macro(l_1_finding):
        t_6 = []
        l_1_timelines = resolve('timelines')
        if l_1_finding is missing:
            l_1_finding = undefined("parameter 'finding' was not provided", name='finding')
        pass
        t_6.extend((
            '  <article class="card finding sev-',
            escape(environment.finalize(environment.getattr(l_1_finding, 'severity'))),
            '" id="finding-',
            escape(environment.finalize(environment.getattr(l_1_finding, 'number'))),
            '" aria-labelledby="finding-',
            escape(environment.finalize(environment.getattr(l_1_finding, 'number'))),
            '-title">\n    <p class="finding-head"><span class="badge" aria-hidden="true">',
            escape(environment.finalize(environment.getattr(l_1_finding, 'number'))),
            '</span><span class="severity">',
            escape(environment.finalize(environment.getattr(l_1_finding, 'label'))),
            '</span><span class="when">',
            escape(environment.finalize(environment.getattr(l_1_finding, 'when'))),
            '</span></p>\n    <h3 id="finding-',
            escape(environment.finalize(environment.getattr(l_1_finding, 'number'))),
            '-title">',
            escape(environment.finalize(environment.getattr(l_1_finding, 'name'))),
            '</h3>\n    <p>',
            escape(environment.finalize(environment.getattr(l_1_finding, 'message'))),
            '</p>\n',
        ))
        if environment.getattr(l_1_finding, 'measurements'):
            pass
            t_6.append(
                '    <div class="scroll"><table>\n      <thead><tr><th scope="col">Measured</th><th scope="col">Value</th><th scope="col">Limit</th></tr></thead>\n      <tbody>\n',
            )
            for l_2_item in environment.getattr(l_1_finding, 'measurements'):
                _loop_vars = {}
                pass
                t_6.extend((
                    '<tr><th scope="row">',
                    escape(environment.finalize(environment.getattr(l_2_item, 'name'))),
                    '</th><td>',
                    escape(environment.finalize(environment.getattr(l_2_item, 'value'))),
                ))
                if environment.getattr(l_2_item, 'distance'):
                    pass
                    t_6.extend((
                        '<span class="note">',
                        escape(environment.finalize(environment.getattr(l_2_item, 'distance'))),
                        '</span>',
                    ))
                t_6.extend((
                    '</td><td>',
                    escape(environment.finalize((environment.getattr(l_2_item, 'limit') or '–'))),
                ))
                if (environment.getattr(l_2_item, 'limit') and environment.getattr(l_2_item, 'source')):
                    pass
                    t_6.extend((
                        '<span class="note">',
                        escape(environment.finalize(environment.getattr(l_2_item, 'source'))),
                        '</span>',
                    ))
                t_6.append(
                    '</td></tr>',
                )
            l_2_item = missing
            t_6.append(
                '      </tbody>\n    </table></div>\n',
            )
        for l_2_text in environment.getattr(l_1_finding, 'order'):
            _loop_vars = {}
            pass
            t_6.extend((
                '<p class="note order">',
                escape(environment.finalize(l_2_text)),
                '</p>',
            ))
        l_2_text = missing
        t_6.append(
            '    <p class="note source">',
        )
        if environment.getattr(l_1_finding, 'onset'):
            pass
            t_6.extend((
                'Began ',
                escape(environment.finalize(t_3(environment.getitem(environment.getattr(l_1_finding, 'onset'), 0)))),
                escape(environment.finalize(environment.getattr(l_1_finding, 'onset')[1:])),
                '. ',
            ))
        t_6.extend((
            'See ',
            escape(environment.finalize(environment.getattr(l_1_finding, 'place'))),
        ))
        if environment.getattr(l_1_finding, 'file'):
            pass
            t_6.extend((
                ' of <bdi>',
                escape(environment.finalize(environment.getattr(l_1_finding, 'file'))),
                '</bdi>',
            ))
        t_6.extend((
            '. Check <code>',
            escape(environment.finalize(environment.getattr(l_1_finding, 'code'))),
            '</code>.\n',
        ))
        if (environment.getattr(l_1_finding, 'moment_known') and (undefined(name='timelines') if l_1_timelines is missing else l_1_timelines)):
            pass
            t_6.extend((
                '<button type="button" class="live link" data-finding="',
                escape(environment.finalize(environment.getattr(l_1_finding, 'number'))),
                '">Show in the timeline</button>',
            ))
        t_6.append(
            '</p>\n  </article>\n',
        )
        return concat(t_6)
    context.exported_vars.add('card')
    context.vars['card'] = l_0_card = Macro(environment, macro, 'card', ('finding',), False, False, False, context.eval_ctx.autoescape)
    yield '<section id="findings" aria-labelledby="findings-title">\n  <h2 id="findings-title">Findings</h2>\n'
    if (not (undefined(name='findings') if l_0_findings is missing else l_0_findings)):
        pass
        yield '<p>No check found anything.</p>'
    l_0_grave = t_2(context.eval_ctx, t_4(context, (undefined(name='findings') if l_0_findings is missing else l_0_findings), 'severity', 'equalto', 'info'))
    context.vars['grave'] = l_0_grave
    context.exported_vars.add('grave')
    for l_1_finding in (undefined(name='grave') if l_0_grave is missing else l_0_grave)[:8]:
        _loop_vars = {}
        pass
        yield escape(environment.finalize(context.call((undefined(name='card') if l_0_card is missing else l_0_card), l_1_finding, _loop_vars=_loop_vars)))
    l_1_finding = missing
    if (t_1((undefined(name='grave') if l_0_grave is missing else l_0_grave)) > 8):
        pass
        yield '  <details class="card"><summary>More findings ('
        yield escape(environment.finalize((t_1((undefined(name='grave') if l_0_grave is missing else l_0_grave)) - 8)))
        yield ')</summary>'
        for l_1_finding in (undefined(name='grave') if l_0_grave is missing else l_0_grave)[8:]:
            _loop_vars = {}
            pass
            yield escape(environment.finalize(context.call((undefined(name='card') if l_0_card is missing else l_0_card), l_1_finding, _loop_vars=_loop_vars)))
        l_1_finding = missing
        yield '</details>\n'
    l_0_notes = t_2(context.eval_ctx, t_5(context, (undefined(name='findings') if l_0_findings is missing else l_0_findings), 'severity', 'equalto', 'info'))
    context.vars['notes'] = l_0_notes
    context.exported_vars.add('notes')
    if (t_1((undefined(name='notes') if l_0_notes is missing else l_0_notes)) > 3):
        pass
        yield '  <details class="card"><summary>Notes that only explain ('
        yield escape(environment.finalize(t_1((undefined(name='notes') if l_0_notes is missing else l_0_notes))))
        yield ')</summary>'
        for l_1_finding in (undefined(name='notes') if l_0_notes is missing else l_0_notes):
            _loop_vars = {}
            pass
            yield escape(environment.finalize(context.call((undefined(name='card') if l_0_card is missing else l_0_card), l_1_finding, _loop_vars=_loop_vars)))
        l_1_finding = missing
        yield '</details>\n'
    else:
        pass
        for l_1_finding in (undefined(name='notes') if l_0_notes is missing else l_0_notes):
            _loop_vars = {}
            pass
            yield escape(environment.finalize(context.call((undefined(name='card') if l_0_card is missing else l_0_card), l_1_finding, _loop_vars=_loop_vars)))
        l_1_finding = missing
    yield '</section>\n<section id="checks" aria-labelledby="checks-title">\n  <h2 id="checks-title">What was checked, and what was not</h2>\n  <p>'
    yield escape(environment.finalize(environment.getattr((undefined(name='checks') if l_0_checks is missing else l_0_checks), 'total')))
    yield ' checks: '
    yield escape(environment.finalize(t_1(environment.getattr((undefined(name='checks') if l_0_checks is missing else l_0_checks), 'found'))))
    yield ' found something, '
    yield escape(environment.finalize(t_1(environment.getattr((undefined(name='checks') if l_0_checks is missing else l_0_checks), 'in_order'))))
    yield ' looked and found nothing,\n  '
    yield escape(environment.finalize(t_1(environment.getattr((undefined(name='checks') if l_0_checks is missing else l_0_checks), 'unable'))))
    yield ' could not look.</p>\n'
    if environment.getattr((undefined(name='checks') if l_0_checks is missing else l_0_checks), 'unable'):
        pass
        yield '  <div class="card"><h3>Could not be checked</h3>\n    <p class="note">This is not the same as being in order.</p>\n    <ul class="checks">'
        l_1_loop = missing
        for (l_1_reason, l_1_those), l_1_loop in LoopContext(environment.getattr((undefined(name='checks') if l_0_checks is missing else l_0_checks), 'reasons'), undefined):
            _loop_vars = {}
            pass
            yield '<li>'
            yield escape(environment.finalize(l_1_reason))
            yield '<br>'
            l_2_loop = missing
            for (l_2_name, l_2_code), l_2_loop in LoopContext(l_1_those, undefined):
                _loop_vars = {}
                pass
                yield '<strong>'
                yield escape(environment.finalize(l_2_name))
                yield '</strong> <code>'
                yield escape(environment.finalize(l_2_code))
                yield '</code>'
                if (not environment.getattr(l_2_loop, 'last')):
                    pass
                    yield ', '
            l_2_loop = l_2_name = l_2_code = missing
            yield '</li>'
        l_1_loop = l_1_reason = l_1_those = missing
        yield '</ul>\n  </div>\n'
    if environment.getattr((undefined(name='checks') if l_0_checks is missing else l_0_checks), 'in_order'):
        pass
        yield '  <details class="card"><summary>Checked and in order ('
        yield escape(environment.finalize(t_1(environment.getattr((undefined(name='checks') if l_0_checks is missing else l_0_checks), 'in_order'))))
        yield ')</summary>\n    <ul class="checks">'
        for l_1_check in environment.getattr((undefined(name='checks') if l_0_checks is missing else l_0_checks), 'in_order'):
            _loop_vars = {}
            pass
            yield '<li><strong>'
            yield escape(environment.finalize(environment.getattr(l_1_check, 'name')))
            yield '</strong> <code>'
            yield escape(environment.finalize(environment.getattr(l_1_check, 'code')))
            yield '</code><br>'
            yield escape(environment.finalize(environment.getattr(l_1_check, 'reason')))
            yield '</li>'
        l_1_check = missing
        yield '</ul>\n  </details>\n'
    yield '</section>'

blocks = {}
debug_info = '1=44&2=52&3=58&4=64&5=68&6=71&10=76&14=110&15=122&16=146&21=160&22=163&23=166&24=171&25=174&27=182&28=185&29=188&30=198&34=204&35=210&36=212&39=216&42=238&43=241&44=243'