class StatisticsError(ValueError):
    pass


def _list(data, least=1):
    data = list(data)
    if len(data) < least:
        raise StatisticsError(f"at least {least} data point{'s' if least > 1 else ''} needed")
    return data


def _whole(value, data):
    return int(value) if value == int(value) and all([isinstance(x, int) for x in data]) else value


def fmean(data):
    from math import fsum

    data = _list(data)
    return fsum(data) / len(data)


def mean(data):
    data = _list(data)
    return _whole(fmean(data), data)


def median(data):
    data = sorted(_list(data))
    half = len(data) // 2
    return data[half] if len(data) % 2 else (data[half - 1] + data[half]) / 2


def median_low(data):
    data = sorted(_list(data))
    return data[(len(data) - 1) // 2]


def median_high(data):
    data = sorted(_list(data))
    return data[len(data) // 2]


def multimode(data):
    counts = {}
    for item in data:
        counts[item] = counts.get(item, 0) + 1
    most = max(counts.values(), default=0)
    return [item for item in counts if counts[item] == most]


def mode(data):
    return multimode(_list(data))[0]


def pvariance(data):
    from math import fsum

    data = _list(data)
    middle = fmean(data)
    return _whole(fsum([(x - middle) ** 2 for x in data]) / len(data), data)


def variance(data):
    from math import fsum

    data = _list(data, 2)
    middle = fmean(data)
    return _whole(fsum([(x - middle) ** 2 for x in data]) / (len(data) - 1), data)


def pstdev(data):
    return float(pvariance(data)) ** 0.5


def stdev(data):
    return float(variance(data)) ** 0.5
