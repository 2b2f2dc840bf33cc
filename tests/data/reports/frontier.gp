unset key
set border 3 lc rgb '#9CA3AF'
set tics nomirror out scale 0.6 tc rgb '#1F2937'
set grid ytics lc rgb '#E5E7EB' lw 1 dt 1
set datafile missing NaN
set errorbars small
$line << COLDPROF_END_ce8bd3f1a1a76a59
11.176 324.375 10.72896 11.62304 308.15625 340.59375
13.1344 257.410714 12.609024 13.659776 244.540179 270.28125
13.352 207.1875 12.81792 13.88608 196.828125 217.546875
17.2688 173.705357 16.578048 17.959552 165.020089 182.390625
17.704 148.59375 16.99584 18.41216 141.164062 156.023438
24.0365 123.917467 23.07504 24.99796 117.721594 130.113341
33.3712 122.552083 32.036352 34.706048 116.424479 128.679688
34.568 109.946809 33.18528 35.95072 104.449468 115.444149
51.1022 108.843037 49.058112 53.146288 103.400886 114.285189
COLDPROF_END_ce8bd3f1a1a76a59
$dominated << COLDPROF_END_ce8bd3f1a1a76a59
15.0928 220.208333 14.489088 15.696512 209.197917 231.21875 2
21.1856 155.104167 20.338176 22.033024 147.348958 162.859375 2
25.5376 131.852679 24.516096 26.559104 125.260045 138.445313 2
37.56935 114.226762 36.066576 39.072124 108.515424 119.938101 2
COLDPROF_END_ce8bd3f1a1a76a59
$modelled << COLDPROF_END_ce8bd3f1a1a76a59
COLDPROF_END_ce8bd3f1a1a76a59
$frontier << COLDPROF_END_ce8bd3f1a1a76a59
11.176 324.375 10.72896 11.62304 308.15625 340.59375 7
13.1344 257.410714 12.609024 13.659776 244.540179 270.28125 7
17.2688 173.705357 16.578048 17.959552 165.020089 182.390625 7
24.0365 123.917467 23.07504 24.99796 117.721594 130.113341 7
33.3712 122.552083 32.036352 34.706048 116.424479 128.679688 7
34.568 109.946809 33.18528 35.95072 104.449468 115.444149 7
51.1022 108.843037 49.058112 53.146288 103.400886 114.285189 7
COLDPROF_END_ce8bd3f1a1a76a59
$current << COLDPROF_END_ce8bd3f1a1a76a59
13.352 207.1875 12.81792 13.88608 196.828125 217.546875
COLDPROF_END_ce8bd3f1a1a76a59
$chosen << COLDPROF_END_ce8bd3f1a1a76a59
17.704 148.59375 16.99584 18.41216 141.164062 156.023438
COLDPROF_END_ce8bd3f1a1a76a59
set lmargin at screen 0.0972
set rmargin at screen 0.9667
set bmargin at screen 0.1579
set tmargin at screen top_at
set xrange [7.9028332:53.9283268]
set xlabel 'USD per month' offset 0,0.3 tc rgb '#1F2937'
set xtics ('10' 10, '20' 20, '30' 30, '40' 40, '50' 50)
set logscale y
set yrange [93.9955439:374.674095]
set ylabel 'p95 latency, ms' offset y_shift,0 tc rgb '#1F2937'
set ytics ('100' 100, '150' 150, '200' 200, '300' 300)
set arrow from graph 0, first 200 to graph 1, first 200 nohead dt 2 lw 1.5 lc rgb '#1F2937'
set label 'target p95: 200 ms' at graph 0.99, graph 0.5789 right tc rgb '#1F2937'
set label '1024 recommended' at graph 0.2481, graph 0.4365 left tc rgb '#00785A'
set label '512 current' at graph 0.1535, graph 0.6768 left tc rgb '#1F2937'
set label '256' at graph 0.0871, graph 0.9286 left tc rgb '#0072B2'
set label '256/1' at graph 0.1296, graph 0.7614 left tc rgb '#0072B2'
set label '512/1' at graph 0.1875, graph 0.4112 right tc rgb '#0072B2'
set label '1769' at graph 0.3346, graph 0.1670 right tc rgb '#0072B2'
set label '1024/2' at graph 0.5693, graph 0.2247 left tc rgb '#0072B2'
set label '3008' at graph 0.5634, graph 0.0805 right tc rgb '#0072B2'
set label '1769/2' at graph 0.9226, graph 0.0732 right tc rgb '#0072B2'
set label '256/2' at graph 0.1722, graph 0.5828 left tc rgb '#6B7280'
set label '512/2' at graph 0.3046, graph 0.3293 left tc rgb '#6B7280'
set label '1024/1' at graph 0.3991, graph 0.2776 left tc rgb '#6B7280'
set label '1769/1' at graph 0.6605, graph 0.1739 left tc rgb '#6B7280'
plot $line using 1:2 with lines lw 1.2 dt 1 lc rgb '#0072B2', \
  $dominated using 1:2:7 with points pt variable ps 0.6 lw 1 lc rgb '#9CA3AF', \
  $frontier using 1:2:3:4:5:6 with xyerrorbars pt -1 lw 1 lc rgb '#0072B2', \
  $frontier using 1:2:7 with points pt variable ps 0.9 lc rgb '#0072B2', \
  $current using 1:2:3:4:5:6 with xyerrorbars pt -1 lw 1 lc rgb '#1F2937', \
  $current using 1:2 with points pt 4 ps 1.4 lw 2.2 lc rgb '#1F2937', \
  $chosen using 1:2:3:4:5:6 with xyerrorbars pt -1 lw 1 lc rgb '#009E73', \
  $chosen using 1:2 with points pt 13 ps 1.5 lc rgb '#009E73'
