from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'data.html.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_pack = resolve('pack')
    l_0_clocks = resolve('clocks')
    l_0_overlays = resolve('overlays')
    l_0_quality = resolve('quality')
    l_0_settings = resolve('settings')
    l_0_provenance = resolve('provenance')
    l_0_incident = resolve('incident')
    try:
        t_1 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    pass
    yield '<section id="pack" aria-labelledby="pack-title">\n  <h2 id="pack-title">The battery as the logs show it</h2>\n'
    if ((not environment.getattr((undefined(name='pack') if l_0_pack is missing else l_0_pack), 'rows')) and (not environment.getattr((undefined(name='pack') if l_0_pack is missing else l_0_pack), 'cells'))):
        pass
        yield '<p>These logs do not allow an estimate of the battery.</p>'
    if environment.getattr((undefined(name='pack') if l_0_pack is missing else l_0_pack), 'rows'):
        pass
        yield '  <dl class="card figures">\n'
        for (l_1_name, l_1_value, l_1_note) in environment.getattr((undefined(name='pack') if l_0_pack is missing else l_0_pack), 'rows'):
            _loop_vars = {}
            pass
            yield '<div><dt>'
            yield escape(environment.finalize(l_1_name))
            yield '</dt><dd><strong>'
            yield escape(environment.finalize(l_1_value))
            yield '</strong>'
            if l_1_note:
                pass
                yield '<span class="note">'
                yield escape(environment.finalize(l_1_note))
                yield '</span>'
            yield '</dd></div>'
        l_1_name = l_1_value = l_1_note = missing
        yield '  </dl>\n'
    for l_1_picture in environment.getattr((undefined(name='pack') if l_0_pack is missing else l_0_pack), 'cells'):
        _loop_vars = {}
        pass
        yield '  <figure class="card"><h3>'
        yield escape(environment.finalize(environment.getattr(l_1_picture, 'title')))
        yield '</h3>'
        yield escape(environment.finalize(environment.getattr(l_1_picture, 'svg')))
        yield '\n    <figcaption class="note">'
        yield escape(environment.finalize(environment.getattr(l_1_picture, 'meaning')))
        yield ' Thin lines: two standard errors. '
        yield escape(environment.finalize(environment.getattr(l_1_picture, 'reason')))
        yield '</figcaption></figure>\n'
    l_1_picture = missing
    yield '</section>\n'
    if (undefined(name='clocks') if l_0_clocks is missing else l_0_clocks):
        pass
        yield '<section id="clocks" aria-labelledby="clocks-title">\n  <h2 id="clocks-title">How the clocks fit together</h2>\n  <p>Each log has its own clock. Two moments in different logs that are closer together than the uncertainty are not put in order.</p>\n'
        for l_1_clock in (undefined(name='clocks') if l_0_clocks is missing else l_0_clocks):
            _loop_vars = {}
            pass
            yield '  <div class="card">\n    <h3><bdi>'
            yield escape(environment.finalize(environment.getattr(l_1_clock, 'log')))
            yield '</bdi> <span class="tag">'
            yield escape(environment.finalize(environment.getattr(l_1_clock, 'role')))
            yield '</span></h3>\n'
            if environment.getattr(l_1_clock, 'reference'):
                pass
                yield '<p>All times in this report are by this log’s clock.</p>\n'
            elif (not environment.getattr(l_1_clock, 'aligned')):
                pass
                yield '<p><strong>Not aligned.</strong> '
                yield escape(environment.finalize(environment.getattr(l_1_clock, 'reason')))
                yield '</p>\n'
            else:
                pass
                yield '    <dl class="figures short">\n      <div><dt>Added to its clock</dt><dd>'
                yield escape(environment.finalize(environment.getattr(l_1_clock, 'offset')))
                yield '</dd></div>\n      <div><dt>Drift</dt><dd>'
                yield escape(environment.finalize(environment.getattr(l_1_clock, 'drift')))
                yield '</dd></div>\n      <div><dt>Uncertainty (95 %)</dt><dd>'
                yield escape(environment.finalize(environment.getattr(l_1_clock, 'uncertainty')))
                yield '</dd></div>\n    </dl>\n    <p class="note">'
                yield escape(environment.finalize(environment.getattr(l_1_clock, 'reason')))
                if (environment.getattr(l_1_clock, 'pieces') > 1):
                    pass
                    yield ' In '
                    yield escape(environment.finalize(environment.getattr(l_1_clock, 'pieces')))
                    yield ' pieces.'
                yield '</p>\n'
            yield '  </div>\n'
        l_1_clock = missing
        for (l_1_svg, l_1_caption) in (undefined(name='overlays') if l_0_overlays is missing else l_0_overlays):
            _loop_vars = {}
            pass
            yield '<figure class="card"><h3>The same signal in both logs</h3>'
            yield escape(environment.finalize(l_1_svg))
            yield '<figcaption class="note">'
            yield escape(environment.finalize(l_1_caption))
            yield '</figcaption></figure>\n'
        l_1_svg = l_1_caption = missing
        yield '</section>\n'
    yield '<section id="quality" aria-labelledby="quality-title">\n  <h2 id="quality-title">Quality of the data</h2>\n'
    for l_1_item in (undefined(name='quality') if l_0_quality is missing else l_0_quality):
        _loop_vars = {}
        pass
        yield '  <div class="card">\n    <h3><bdi>'
        yield escape(environment.finalize(environment.getattr(l_1_item, 'name')))
        yield '</bdi> <span class="tag">'
        yield escape(environment.finalize(environment.getattr(l_1_item, 'role')))
        yield '</span></h3>\n    <dl class="figures short">'
        for (l_2_name, l_2_value) in environment.getattr(l_1_item, 'rows'):
            _loop_vars = {}
            pass
            yield '<div><dt>'
            yield escape(environment.finalize(l_2_name))
            yield '</dt><dd>'
            yield escape(environment.finalize(l_2_value))
            yield '</dd></div>'
        l_2_name = l_2_value = missing
        yield '</dl>\n'
        if environment.getattr(l_1_item, 'gaps'):
            pass
            yield '<details><summary>Gaps ('
            yield escape(environment.finalize(t_1(environment.getattr(l_1_item, 'gaps'))))
            yield ')</summary><ul>'
            for l_2_gap in environment.getattr(l_1_item, 'gaps'):
                _loop_vars = {}
                pass
                yield '<li>'
                yield escape(environment.finalize(l_2_gap))
                yield '</li>'
            l_2_gap = missing
            yield '</ul></details>'
        if environment.getattr(l_1_item, 'damage'):
            pass
            yield '    <h4>What was dropped, repaired or noted</h4>\n    <ul class="checks">'
            for l_2_damage in environment.getattr(l_1_item, 'damage'):
                _loop_vars = {}
                pass
                yield '<li><strong>'
                yield escape(environment.finalize(environment.getattr(l_2_damage, 'effect')))
                yield '</strong>'
                if (environment.getattr(l_2_damage, 'kind') != 'noted'):
                    pass
                    yield ' ('
                    yield escape(environment.finalize(environment.getattr(l_2_damage, 'count')))
                    yield ')'
                yield ': '
                yield escape(environment.finalize(environment.getattr(l_2_damage, 'message')))
                if environment.getattr(l_2_damage, 'rows'):
                    pass
                    yield '<span class="note">'
                    yield escape(environment.finalize(environment.getattr(l_2_damage, 'rows')))
                    yield '</span>'
                yield '</li>'
            l_2_damage = missing
            yield '</ul>\n'
        else:
            pass
            yield '<p class="note">Nothing was dropped or repaired.</p>'
        yield '  </div>\n'
    l_1_item = missing
    if (undefined(name='settings') if l_0_settings is missing else l_0_settings):
        pass
        yield '  <details class="card"><summary>Settings the checks compared with ('
        yield escape(environment.finalize(t_1((undefined(name='settings') if l_0_settings is missing else l_0_settings))))
        yield ')</summary>\n    <div class="scroll"><table>\n      <thead><tr><th scope="col">Setting</th><th scope="col">Value</th></tr></thead>\n      <tbody>'
        for (l_1_meaning, l_1_value, l_1_name) in (undefined(name='settings') if l_0_settings is missing else l_0_settings):
            _loop_vars = {}
            pass
            yield '<tr><th scope="row">'
            yield escape(environment.finalize(l_1_meaning))
            yield ' <code>'
            yield escape(environment.finalize(l_1_name))
            yield '</code></th><td>'
            yield escape(environment.finalize(l_1_value))
            yield '</td></tr>'
        l_1_meaning = l_1_value = l_1_name = missing
        yield '</tbody>\n    </table></div>\n  </details>\n'
    yield '  <details class="card" id="provenance"><summary>Where this comes from</summary>\n'
    for l_1_item in (undefined(name='provenance') if l_0_provenance is missing else l_0_provenance):
        _loop_vars = {}
        pass
        yield '    <h3><bdi>'
        yield escape(environment.finalize(environment.getattr(l_1_item, 'name')))
        yield '</bdi></h3>\n    <dl class="figures">\n      <div><dt>SHA-256</dt><dd><code class="hash">'
        yield escape(environment.finalize(environment.getattr(l_1_item, 'sha256')))
        yield '</code></dd></div>\n      <div><dt>Size</dt><dd>'
        yield escape(environment.finalize(environment.getattr(l_1_item, 'size')))
        yield '</dd></div>\n      <div><dt>Read as</dt><dd>'
        yield escape(environment.finalize(environment.getattr(l_1_item, 'role')))
        yield ', by the parser <code>'
        yield escape(environment.finalize(environment.getattr(l_1_item, 'parser')))
        yield '</code></dd></div>\n'
        if environment.getattr(l_1_item, 'device'):
            pass
            yield '<div><dt>Device</dt><dd>'
            yield escape(environment.finalize(environment.getattr(l_1_item, 'device')))
            yield '</dd></div>'
        if environment.getattr(l_1_item, 'serial'):
            pass
            yield '<div><dt>Serial or address</dt><dd>'
            yield escape(environment.finalize(environment.getattr(l_1_item, 'serial')))
            yield '</dd></div>'
        if environment.getattr(l_1_item, 'clock'):
            pass
            yield '<div><dt>Clock</dt><dd>'
            yield escape(environment.finalize(environment.getattr(l_1_item, 'clock')))
            yield '</dd></div>'
        yield '    </dl>\n'
    l_1_item = missing
    yield '    <p class="note">ridelog '
    yield escape(environment.finalize(environment.getattr((undefined(name='incident') if l_0_incident is missing else l_0_incident), 'version')))
    yield '. The same files give the same report, byte for byte; “ridelog verify” compares this page with the files.\n    Charts: plotly.js 4.1.1, Copyright 2012–2026 Plotly, Inc., MIT licence.</p>\n  </details>\n</section>'

blocks = {}
debug_info = '3=25&4=28&6=31&9=47&10=51&11=55&14=61&18=64&20=68&21=72&22=75&25=83&26=85&27=87&29=89&33=98&39=109&41=113&42=117&43=127&44=140&46=143&50=169&51=172&54=174&59=187&60=191&62=193&63=195&64=197&65=201&66=206&67=211&70=219'