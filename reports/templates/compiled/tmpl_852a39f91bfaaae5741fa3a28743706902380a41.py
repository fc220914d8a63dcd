from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'timeline.html.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_timelines = resolve('timelines')
    l_0_location = resolve('location')
    try:
        t_1 = environment.filters['join']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'join' found.")
    try:
        t_2 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_2(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    pass
    if (undefined(name='timelines') if l_0_timelines is missing else l_0_timelines):
        pass
        yield '<section id="timeline" aria-labelledby="timeline-title">\n  <h2 id="timeline-title">Timeline</h2>\n'
        for l_1_line in (undefined(name='timelines') if l_0_timelines is missing else l_0_timelines):
            _loop_vars = {}
            pass
            yield '  <div class="timeline card" data-group="'
            yield escape(environment.finalize(environment.getattr(environment.getattr(l_1_line, 'group'), 'id')))
            yield '">\n'
            if (not environment.getattr(l_1_line, 'aligned')):
                pass
                yield '<h3>'
                yield escape(environment.finalize(t_1(context.eval_ctx, environment.getattr(l_1_line, 'names'), ', ')))
                yield ': on its own clock</h3>\n    <p class="note">'
                yield escape(environment.finalize(environment.getattr(l_1_line, 'reason')))
                yield ' Its times cannot be compared with those of the other logs.</p>\n'
            elif (t_2((undefined(name='timelines') if l_0_timelines is missing else l_0_timelines)) > 1):
                pass
                yield '<h3>'
                yield escape(environment.finalize(t_1(context.eval_ctx, environment.getattr(l_1_line, 'names'), ', ')))
                yield '</h3>'
            yield '    <div class="tools live" role="group" aria-label="Part of the ride shown">\n'
            if environment.getattr(environment.getattr(l_1_line, 'group'), 'incident'):
                pass
                yield '<button type="button" data-show="window">Incident</button>'
            yield '      <button type="button" data-show="all">Whole ride</button>\n      <button type="button" data-show="out" aria-label="Zoom out">−</button>\n      <button type="button" data-show="in" aria-label="Zoom in">+</button>\n      <span class="shown note" aria-live="polite"></span>\n    </div>\n    <div class="live plots"><p class="note waiting">Drawing …</p></div>\n    <div class="overview live">'
            yield escape(environment.finalize(environment.getattr(l_1_line, 'overview')))
            yield '<div class="brush"></div></div>\n    <p class="note live ends"><span>'
            yield escape(environment.finalize(environment.getitem(environment.getattr(l_1_line, 'span'), 0)))
            yield '</span><span class="hint"><span class="fine">Drag across a chart to zoom. </span><span class="coarse">Slide along a chart to read it. </span>Move the grey window to look elsewhere; press a name to hide its line.</span><span>'
            yield escape(environment.finalize(environment.getitem(environment.getattr(l_1_line, 'span'), 1)))
            yield '</span></p>\n    <figure class="paper">'
            yield escape(environment.finalize(environment.getattr(l_1_line, 'still')))
            yield '<figcaption class="note">'
            yield escape(environment.finalize(environment.getattr(l_1_line, 'caption')))
            yield '</figcaption></figure>\n  </div>\n'
        l_1_line = missing
        if (undefined(name='location') if l_0_location is missing else l_0_location):
            pass
            yield '  <h3>Where it was</h3>\n  <figure class="card">'
            yield escape(environment.finalize((undefined(name='location') if l_0_location is missing else l_0_location)))
            yield '<figcaption class="note">Positions as logged, north up, without a map. The ring marks where it began.</figcaption></figure>\n'
        yield '</section>\n'

blocks = {}
debug_info = '1=25&4=28&5=32&6=34&7=39&8=41&10=47&17=51&18=53&19=57&22=62&24=65'