"""The words of captions in ten languages, and the concepts they stand for.

Accents are dropped before words are looked up, Chinese is cut into the longest known pieces, and compounds such as
"Batteriespannung" or "batteryvoltage" into known words.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

#: Concept and the words for it: English, German, French, Spanish, Italian, Russian, Chinese, Polish, Dutch, Portuguese.
_WORDS: Final[dict[str, str]] = {
    "battery": "battery batteries batt bat batterie batterien akku accu accumulator bateria baterias batteria accumulatore"
    " батарея батареи акб аккумулятор аккумулятора 电池 电池组 蓄电池 电瓶 akumulator akumulatora baterii batterij",
    "pack": "pack pacco paquete input inp in bus dc line main supply eingang entree entrada ingresso вход 电池包 母线 输入 pakiet"
    " ingang",
    "total": "total gesamt tot totale totales sum summe общее общая общий суммарное 总 总和 całkowite łączne totaal totais",
    "cell": "cell cells zelle zellen zell cellule cellules celda celdas cella celle ячейка ячейки ячеика ячеики банка"
    " element элемент 单体 单节 电芯 节 串 ogniwo ogniwa ogniw komorka komorki cel cellen celula celulas",
    "voltage": "voltage voltages volt volts spannung spannungen tension tensiones tensione voltaje voltaggio напряжение"
    " напряжения 电压 压 napięcie napięcia spanning tensão",
    "current": "current currents amperage amps amp curr cur strom strome courant intensite corriente corrente ток тока 电流 流"
    " prąd prądu stroom",
    "power": "power leistung puissance potencia potenza мощность pwr 功率 moc vermogen potência",
    "energy": "energy energie energia энергия 能量 energii",
    "charge": "charge charging chg chrg laden lade ladung charged recharge carga carica ricarica заряд заряда зарядка 充电"
    " ładowanie ładowania opladen carregamento",
    "discharge": "discharge discharging dischg dischrg dschg dsg dchg entlade entladen entladung decharge descarga scarica разряд"
    " разряда 放电 rozładowanie rozładowania ontladen ontlading descarregamento",
    "charger": "charger ladegerat chargeur cargador caricatore зарядное 充电器",
    "motor": "motor mot moteur motore мотор мотора двигатель двигателя 电机 马达 silnik silnika",
    "phase": "phase phasen fase фаза фазный 相 相线 fazowy faza",
    "temperature": "temperature temperatures celsius temp temperatur temperaturen temperatura temperaturas температура 温度"
    " temperatuur",
    "fet": "heatsink kuhlkorper mos mosfet mosfets fet fets 管 mos管 mos管管",
    "controller": "controller ctrl ctl mcu esc regler controleur controlador controllore inverter контроллер контроллера vesc"
    " 控制器 sterownik sterownika kontroler regelaar",
    "bms": "bms 保护板",
    "board": "board pcb platine 主板",
    "tube": "tube",
    "vehicle": "vehicle veh wheel car fahrzeug vehicule vehiculo veicolo 车 整车 pojazd voertuig veículo",
    "speed": "speed velocity geschwindigkeit vitesse velocidad velocita скорость 速度 车速 时速 prędkość snelheid velocidade",
    "distance": "distance dist strecke distanz distancia distanza расстояние дистанция 距离 路程 dystans odległość afstand"
    " distância",
    "trip": "trip fahrt trajet viaje viaggio поездка 本次 单次",
    "odometer": "odometer odo kilometerstand mileage odometre kilometrage odometro пробег одометр 里程 总里程 przebieg"
    " hodômetro",
    "duty": "duty dutycycle tastgrad tastverhaltnis скважность 占空比 wypełnienie wypełnienia",
    "cycle": "cycle cycles zyklus zyklen ciclo ciclos cicli цикл циклы циклов 循环 循环次数",
    "pwm": "pwm шим",
    "soc": "soc rsoc ladestand ladezustand akkustand batteriestand 电量 剩余电量 荷电状态 laadtoestand naładowania",
    "soh": "soh gesundheit 健康度",
    "level": "level percent percentage life stand niveau nivel livello уровень poziom nível",
    "remaining": "remaining remain left rest restante restant residual rimanente residua остаток осталось 剩余 pozostała"
    " resterend",
    "full": "full voll pleine plena piena полная 满",
    "nominal": "nominal design rated nenn nominale номинальная 额定 标称",
    "capacity": "capacity cap kapazitat capacite capacidad capacita емкость 容量 pojemność capaciteit capacidade",
    "used": "used drawn consumed consumption verbraucht verbrauch consomme consumo consumato израсходовано потребление 消耗",
    "regen": "regen regenerated recuperated recovered rekuperation recuperation рекуперация 回收",
    "rpm": "rpm drehzahl umdrehungen regime giri revoluciones обороты 转速",
    "erpm": "erpm",
    "electrical": "electrical elec elektrisch electrique",
    "throttle": "throttle tps gas gasgriff acelerador acceleratore accelerateur газ 油门 转把",
    "remote": "remote fernbedienung",
    "fault": "fault faults defaut fehlercode storungscode 故障码 故障代码 usterka usterki storing falha",
    "error": "error errors fehler erreur fallo guasto errore ошибка ошибки 故障 错误 błąd błędu fout erro",
    "alarm": "alarm alarms alert alerts warning warnings warnung warnungen alarma allarme alarme avertissement"
    " тревога предупреждение 报警 告警 警告",
    "protection": "protection protections schutz proteccion protezione защита 保护",
    "code": "code nummer 代码 codigo codice код kod",
    "state": "state status zustand etat estado stato состояние статус 状态 stan",
    "mode": "mode modus modo modalita режим 模式",
    "switch": "switch schalter enabled enable allowed freigabe 开关 允许",
    "min": "min minimum minimal lowest low мин минимум минимальное 最低 最小 najniższe laagste mínimo",
    "max": "max maximum maximal highest high макс максимум максимальное 最高 最大 najwyższe hoogste máximo",
    "average": "avg average mean mittel mittelwert durchschnitt moyenne promedio media среднее средняя 平均 średnie średnia"
    " gemiddelde média",
    "delta": "delta diff difference differenz spread разница 差",
    "voltage-delta": "压差 vdiff vdelta",
    "amp-hours": "ah mah amphours",
    "watt-hours": "wh kwh watthours",
    "d-axis": "daxis",
    "q-axis": "qaxis",
    "q-current": "iq",
    "balance": "balance balancing balancer bal ausgleich equilibrage balanceo bilanciamento балансировка 均衡",
    "resistance": "resistance widerstand resistencia resistenza сопротивление 电阻 内阻",
    "gps": "gps gnss",
    "latitude": "latitude lat breite breitengrad latitud latitudine широта 纬度",
    "longitude": "longitude lon long lng lange langengrad longitud longitudine долгота 经度",
    "altitude": "altitude alt height hohe elevation altura altitud altitudine высота 海拔 高度",
    "heading": "heading bearing course rumbo rotta курс 航向",
    "accuracy": "accuracy genauigkeit precision precisione точность 精度",
    "pitch": "pitch tangage beccheggio",
    "tilt": "tilt neigung inclinaison inclinacion inclinazione наклон 倾角",
    "roll": "roll roulis rollio крен",
    "yaw": "yaw",
    "heating": "heating heizung heater chauffage подогрев 加热",
    "humidity": "humidity feuchte humidite humedad umidita влажность 湿度",
    "ambient": "ambient umgebung ambiente ambiante umgebungs 环境",
    "sensor": "sensor sensors probe ntc sonde fuhler датчик 探头 传感器",
    "torque": "torque drehmoment couple par coppia",
    "setpoint": "setpoint sollwert",
    "requested": "requested request demanded soll target",
    "weakening": "fldweak weakening",
    "acceleration": "acceleration acc accel beschleunigung",
    "time": "time timestamp ts datetime zeit zeitstempel uhrzeit heure horodatage hora ora orario tempo tiempo время 时间 时刻"
    " 时间戳 clock epoch unixtime ticks czas tijd",
    "date": "date datum fecha дата 日期 day",
    "elapsed": "elapsed duration dauer duree duracion durata длительность 时长"
    " uptime runtime since relative laufzeit verstrichen 运行时间",
}
#: Words that say nothing about the meaning.
_FILLERS: Final = frozenset(
    "of the de du des der die das di da del della la le el il value values val wert valeur valor valore значение 值 "
    "data reading measured actual ist now live real log no nr n num number information info 第 号 数 "
    "internal interne номер last changed updated at unix utc local gmt travelled traveled driven gefahren "
    "count counter anzahl flag flags do dos das van het filtered filt estimated pedal pedel mech mechanical "
    "mechanisch".split()
)
#: Words that have another meaning in front of another word only.
_LETTERS: Final[dict[str, str]] = {
    "u": "voltage",
    "v": "voltage",
    "i": "current",
    "t": "temperature",
    "p": "power",
}
#: Words that mean something else when they are the whole caption: the Italian date, the French time, the Russian level.
_ALONE: Final[dict[str, str]] = {"data": "date", "temps": "time", "заряд": "soc"}
_HAN: Final = re.compile(r"[\u4e00-\u9fff]+")
_CAMEL: Final = re.compile(r"(?<=[a-zа-я0-9])(?=[A-ZА-Я])|(?<=[A-ZА-Я])(?=[A-ZА-Я][a-zа-я])")
_DIGITS: Final = re.compile(r"(?<=\D)(?=\d)|(?<=\d)(?=\D)")
#: Longest caption that is looked at, characters.
_LONGEST: Final = 120


def without_accents(text: str) -> str:
    """Lower case without accents: "Température" and "temperature" are one word."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


CONCEPTS: Final[dict[str, str]] = {
    without_accents(word): concept for concept, words in _WORDS.items() for word in words.split()
}


#: Expressions of several words, and the one word that stands for each.
_PHRASES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), word)
    for pattern, word in (
        (r"amp(?:ere)?s?[\s_-]*h(?:ou)?rs?", "ah"),
        (r"watt[\s_-]*h(?:ou)?rs?", "wh"),
        (r"state[\s_-]*of[\s_-]*charge|état de charge|stato di carica", "soc"),
        (r"stan naładowania|estado de carga", "soc"),
        (r"state[\s_-]*of[\s_-]*health", "soh"),
        (r"\bd[\s_-]?axis", "daxis"),
        (r"\bq[\s_-]?axis", "qaxis"),
        # What is counted is not measured: the number of sensors. A charge of a cycle is no count of cycles.
        (r"temp(?:erature)?[\s_-]*sensors$", "sensorcount"),
        (r"(?<![a-z])cycle[\s_-]*charge$", "cyclecontent"),
        (r"(?<![a-z])b\+(?=[\s_-]|$)", "battery"),
        (r"duty[\s_-]*cycle|rapport cyclique|ciclo de trabajo", "duty"),
        (r"field[\s_-]*weakening", "weakening"),
        (r"(?<![a-z])i[\s_-]?q(?![a-z])", "iq"),
        (r"(?<![a-z])i[\s_-]d(?![a-z])", "daxis current"),
        (r"electrical[\s_-]*rpm|(?<![a-z])rpm[\s_-]*e(?![a-z])|(?<![a-z])e[\s_-]+rpm", "erpm"),
        (r"(?<![a-z])c[\s_-]?(?:fet|mos)(?![a-z])", "charge fet"),
        (r"(?<![a-z])d[\s_-]?(?:fet|mos)(?![a-z])", "discharge fet"),
    )
)


@lru_cache(maxsize=4096)
def words_of(caption: str) -> tuple[str, ...]:
    """Cut a caption into words: at signs, between lower and upper case, between letters and digits, Chinese by words.

    Args:
        caption: A caption without its unit.
    """
    words: list[str] = []
    caption = caption[:_LONGEST]
    for phrase, word in _PHRASES:
        caption = phrase.sub(f" {word} ", caption)
    for piece in re.split(r"[^\w]+|_", caption):
        whole = without_accents(piece)
        if whole in CONCEPTS:
            words.append(whole)
            continue
        for part in _DIGITS.split(" ".join(_CAMEL.split(piece)).replace(" ", "\0")):
            words += [word for word in without_accents(part).replace("\0", " ").split() if word]
    return tuple(inner for word in words for inner in _cut(word))


def _cut(word: str) -> list[str]:
    """A word as it is when it is known, else the known words it is made of, else itself."""
    if word in CONCEPTS or word in _FILLERS or word.isdigit() or len(word) == 1:
        return [word]
    if _HAN.search(word):
        return _cut_chinese(word)
    if word[0] in _LETTERS and word[1:] in CONCEPTS and CONCEPTS[word[1:]] in _AFTER_LETTER:
        return [word[0], word[1:]]
    return _cut_compound(word) or [word]


_AFTER_LETTER: Final = frozenset({"battery", "pack", "motor", "fet", "cell", "total", "phase", "max", "min"})


def _cut_chinese(text: str) -> list[str]:
    pieces: list[str] = []
    at = 0
    while at < len(text):
        for size in range(min(6, len(text) - at), 0, -1):
            piece = text[at : at + size]
            if piece in CONCEPTS or piece in _FILLERS:
                pieces.append(piece)
                at += size
                break
        else:
            end = at + 1
            while end < len(text) and not _HAN.match(text[at]) and not _HAN.match(text[end]):
                end += 1
            pieces.append(text[at:end])
            at = end
    return pieces


def _cut_compound(word: str) -> list[str]:
    """Cut a compound into two or three known words of at least three letters; German joints (s, n, en) are dropped."""
    for size in range(len(word) - 3, 2, -1):
        first = word[:size]
        if first not in CONCEPTS:
            continue
        rest = word[size:]
        for joint in ("", "s", "n", "en", "e"):
            if rest.startswith(joint):
                tail = rest[len(joint) :]
                if tail in CONCEPTS and len(tail) >= 3:
                    return [first, tail]
                inner = _cut_compound(tail) if len(tail) >= 6 else []
                if inner:
                    return [first, *inner]
    return []


def concepts_of(words: tuple[str, ...]) -> tuple[set[str], list[str], list[int]]:
    """What the words of a caption stand for.

    Args:
        words: As `words_of` gives them.

    Returns:
        The concepts; the words that are not known; the numbers.
    """
    if len(words) == 1 and words[0] in _ALONE:
        return {_ALONE[words[0]]}, [], []
    concepts: set[str] = set()
    unknown: list[str] = []
    numbers: list[int] = []
    for word in words:
        if word.isdecimal():
            numbers.append(int(word) if len(word) < 6 else -1)
        elif word in CONCEPTS:
            concepts.add(CONCEPTS[word])
        elif word in _FILLERS:
            continue
        elif word in _LETTERS:
            concepts.add(_LETTERS[word])
        else:
            unknown.append(word)
    return concepts, unknown, numbers
