unset key
set border 3 lc rgb '#9CA3AF'
set tics nomirror out scale 0.6 tc rgb '#1F2937'
set grid ytics lc rgb '#E5E7EB' lw 1 dt 1
set datafile missing NaN
set errorbars small
$band << COLDPROF_END_ce8bd3f1a1a76a59
60 0.857526 1
300 0.857526 1
300 0.676389 1
600 0.676389 1
600 0.328208 0.973441
900 0.328208 0.973441
900 0.010256 0.74447
1800 0.010256 0.74447
1800 0 0.269973
3600 0 0.269973
COLDPROF_END_ce8bd3f1a1a76a59
$survival << COLDPROF_END_ce8bd3f1a1a76a59
60 1 0.857526 1
300 1 0.857526 1
600 0.875 0.676389 0.973441
900 0.541666667 0.328208 0.74447
1800 0.0833333333 0.010256 0.269973
3600 0 0 0.142474
COLDPROF_END_ce8bd3f1a1a76a59
set lmargin at screen 0.0972
set rmargin at screen 0.9667
set bmargin at screen 0.1579
set tmargin at screen top_at
set logscale x
set xrange [46.9312558:4602.47646]
set xlabel 'idle interval (n = probes)' offset 0,0.3 tc rgb '#1F2937'
set bmargin at screen 0.22
set xlabel offset 0,-0.6
set xtics ("1m\nn=24" 60, "5m\nn=24" 300, "10m\nn=24" 600, "15m\nn=24" 900, "30m\nn=24" 1800, "1h\nn=24" 3600)
set yrange [-0.03:1.03]
set ylabel 'share that survives' offset y_shift,0 tc rgb '#1F2937'
set ytics ('0' 0, '0.25' 0.25, '0.5' 0.5, '0.75' 0.75, '1' 1)
plot $band using 1:2:3 with filledcurves fc rgb '#CFE3F1' fs solid noborder, \
  $survival using 1:2 with steps lw 2 dt 1 lc rgb '#0072B2', \
  $survival using 1:2:3:4 with yerrorbars pt 7 ps 0.8 lw 1.2 lc rgb '#0072B2'
