from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'page.html.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_policy = resolve('policy')
    l_0_incident = resolve('incident')
    l_0_verdict = resolve('verdict')
    l_0_files = resolve('files')
    l_0_style = resolve('style')
    l_0_boot = resolve('boot')
    l_0_advice = resolve('advice')
    l_0_timelines = resolve('timelines')
    l_0_clocks = resolve('clocks')
    l_0_report = resolve('report')
    l_0_data = resolve('data')
    l_0_plotly = resolve('plotly')
    l_0_script = resolve('script')
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
    try:
        t_3 = environment.filters['truncate']
    except KeyError:
        @internalcode
        def t_3(*unused):
            raise TemplateRuntimeError("No filter named 'truncate' found.")
    pass
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="'
    yield escape(environment.finalize((undefined(name='policy') if l_0_policy is missing else l_0_policy)))
    yield '">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n<meta name="generator" content="ridelog '
    yield escape(environment.finalize(environment.getattr((undefined(name='incident') if l_0_incident is missing else l_0_incident), 'version')))
    yield '">\n<title>'
    yield escape(environment.finalize(environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'title')))
    yield ' – '
    yield escape(environment.finalize(t_1(context.eval_ctx, (undefined(name='files') if l_0_files is missing else l_0_files), ', ')))
    yield '</title>\n<link rel="icon" href="data:,">\n<style>'
    yield escape(environment.finalize((undefined(name='style') if l_0_style is missing else l_0_style)))
    yield '</style>\n<script>'
    yield escape(environment.finalize((undefined(name='boot') if l_0_boot is missing else l_0_boot)))
    yield '</script>\n</head>\n<body class="tone-'
    yield escape(environment.finalize(environment.getattr((undefined(name='verdict') if l_0_verdict is missing else l_0_verdict), 'tone')))
    yield '">\n<a class="skip" href="#verdict">Skip to the verdict</a>\n<header class="top">\n  <div class="wrap bar">\n    <p class="brand">ridelog <span>incident report</span></p>\n    <button type="button" id="theme" class="quiet" hidden title="Switch between light and dark">Light / dark</button>\n  </div>\n</header>\n<main class="wrap">\n'
    template = environment.get_template('verdict.html.j2', 'page.html.j2')
    gen = template.root_render_func(template.new_context(context.get_all(), True, {}))
    try:
        for event in gen:
            yield event
    finally: gen.close()
    yield '<nav class="contents" aria-label="Sections of this report">\n  <ul>\n'
    if (undefined(name='advice') if l_0_advice is missing else l_0_advice):
        pass
        yield '<li><a href="#advice">What to do</a></li>'
    yield '    <li><a href="#why">Why</a></li>\n'
    if (undefined(name='timelines') if l_0_timelines is missing else l_0_timelines):
        pass
        yield '<li><a href="#timeline">Timeline</a></li>'
    yield '    <li><a href="#findings">Findings</a></li>\n    <li><a href="#checks">Not checked</a></li>\n    <li><a href="#pack">Battery</a></li>\n'
    if (undefined(name='clocks') if l_0_clocks is missing else l_0_clocks):
        pass
        yield '<li><a href="#clocks">Clocks</a></li>'
    yield '    <li><a href="#quality">Data</a></li>\n  </ul>\n</nav>\n'
    if (undefined(name='advice') if l_0_advice is missing else l_0_advice):
        pass
        yield '<section id="advice" aria-labelledby="advice-title">\n  <h2 id="advice-title">What to do</h2>\n  <div class="advice">\n'
        for (l_1_kind, l_1_entries) in (undefined(name='advice') if l_0_advice is missing else l_0_advice):
            _loop_vars = {}
            pass
            yield '    <div class="card advice-kind">\n      <h3 class="kind-'
            yield escape(environment.finalize(environment.getattr(environment.getitem(l_1_entries, 0), 'kind')))
            yield '">'
            yield escape(environment.finalize(l_1_kind))
            yield '</h3>\n      <ul>\n'
            for l_2_entry in l_1_entries:
                _loop_vars = {}
                pass
                yield '        <li>'
                yield escape(environment.finalize(environment.getattr(l_2_entry, 'text')))
                if (environment.getattr(l_2_entry, 'sureness') and (environment.getattr(l_2_entry, 'sureness') != 'established')):
                    pass
                    yield ' <span class="tag">'
                    yield escape(environment.finalize(environment.getattr(l_2_entry, 'sureness')))
                    yield '</span>'
                yield '</li>\n'
            l_2_entry = missing
            yield '      </ul>\n    </div>\n'
        l_1_kind = l_1_entries = missing
        yield '  </div>\n  <details class="small"><summary>Where this advice comes from</summary>\n    <p>It comes from a handbook of field experience. “Field reports” means several riders or workshops reported it,\n    “single report” that one did, “contradictory” that reports disagree; without a mark it is established.</p>\n    <ul>'
        for (l_1_kind, l_1_entries) in (undefined(name='advice') if l_0_advice is missing else l_0_advice):
            _loop_vars = {}
            pass
            for l_2_entry in l_1_entries:
                _loop_vars = {}
                pass
                if environment.getattr(l_2_entry, 'rules'):
                    pass
                    yield '<li>'
                    yield escape(environment.finalize(t_3(environment, environment.getattr(l_2_entry, 'text'), 70)))
                    yield ' <code>'
                    yield escape(environment.finalize(t_1(context.eval_ctx, environment.getattr(l_2_entry, 'rules'), ', ')))
                    yield '</code></li>'
            l_2_entry = missing
        l_1_kind = l_1_entries = missing
        yield '</ul>\n  </details>\n</section>\n'
    template = environment.get_template('why.html.j2', 'page.html.j2')
    gen = template.root_render_func(template.new_context(context.get_all(), True, {}))
    try:
        for event in gen:
            yield event
    finally: gen.close()
    template = environment.get_template('timeline.html.j2', 'page.html.j2')
    gen = template.root_render_func(template.new_context(context.get_all(), True, {}))
    try:
        for event in gen:
            yield event
    finally: gen.close()
    template = environment.get_template('findings.html.j2', 'page.html.j2')
    gen = template.root_render_func(template.new_context(context.get_all(), True, {}))
    try:
        for event in gen:
            yield event
    finally: gen.close()
    template = environment.get_template('data.html.j2', 'page.html.j2')
    gen = template.root_render_func(template.new_context(context.get_all(), True, {}))
    try:
        for event in gen:
            yield event
    finally: gen.close()
    yield '</main>\n<footer class="wrap">\n  <p>Made by ridelog '
    yield escape(environment.finalize(environment.getattr((undefined(name='incident') if l_0_incident is missing else l_0_incident), 'version')))
    yield ' from '
    yield escape(environment.finalize(t_2((undefined(name='files') if l_0_files is missing else l_0_files))))
    yield ' '
    yield escape(environment.finalize(('file' if (t_2((undefined(name='files') if l_0_files is missing else l_0_files)) == 1) else 'files')))
    yield ', without sending anything anywhere. This page\n  loads nothing from the network. It says what the logs show; it does not replace a look at the vehicle.</p>\n</footer>\n<script type="application/json" id="report-data">'
    yield escape(environment.finalize((undefined(name='report') if l_0_report is missing else l_0_report)))
    yield '</script>\n'
    if (undefined(name='timelines') if l_0_timelines is missing else l_0_timelines):
        pass
        yield '<script type="application/gzip" id="timeline-data">'
        yield escape(environment.finalize((undefined(name='data') if l_0_data is missing else l_0_data)))
        yield '</script>\n<script type="application/gzip" id="plotly-data">'
        yield escape(environment.finalize((undefined(name='plotly') if l_0_plotly is missing else l_0_plotly)))
        yield '</script>\n'
    yield '<script>'
    yield escape(environment.finalize((undefined(name='script') if l_0_script is missing else l_0_script)))
    yield '</script>\n</body>\n</html>'

blocks = {}
debug_info = '5=43&9=45&10=47&12=51&13=53&15=55&24=57&27=64&29=68&33=72&37=76&41=79&43=83&45=87&46=91&55=102&59=118&60=124&61=130&62=136&65=143&68=149&69=151&70=154&71=156&73=159'