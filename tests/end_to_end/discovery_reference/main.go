// Prints, again and again, what Prometheus' own Kubernetes discovery finds: one line of JSON for each change.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/kubernetes"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"gopkg.in/yaml.v2"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	fail(err)
	var config kubernetes.SDConfig
	fail(yaml.UnmarshalStrict(text, &config))
	registry := prometheus.NewRegistry()
	refresh := discovery.NewRefreshMetrics(registry)
	metrics := config.NewDiscovererMetrics(registry, refresh)
	fail(metrics.Register())
	finder, err := config.NewDiscoverer(discovery.DiscovererOptions{
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Metrics: metrics, SetName: "reference"})
	fail(err)
	found := make(chan []*targetgroup.Group)
	go finder.Run(context.Background(), found)
	groups := map[string][]map[string]string{}
	for update := range found {
		for _, group := range update {
			if group == nil {
				continue
			}
			delete(groups, group.Source)
			for _, target := range group.Targets {
				labels := map[string]string{}
				for name, value := range group.Labels {
					labels[string(name)] = string(value)
				}
				for name, value := range target {
					labels[string(name)] = string(value)
				}
				groups[group.Source] = append(groups[group.Source], labels)
			}
		}
		line, err := json.Marshal(groups)
		fail(err)
		fmt.Println(string(line))
	}
}
